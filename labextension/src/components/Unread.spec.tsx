import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { ApiError } from '../api/http';
import { Unread } from './Unread';

afterEach(cleanup);

const shown = (status: number) => {
  const error = new ApiError(status, { detail: 'no', remedy: 'ask ada' });
  const refresh = vi.fn();
  render(<Unread told={{ error, refresh }} trans={nullTranslator.load('')} />);
  return refresh;
};

it('tries again what may go well then', () => {
  const refresh = shown(503);
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(refresh).toHaveBeenCalled();
});

it.each([403, 404, 410])('offers nothing where %d is for good', status => {
  shown(status);
  screen.getByText('ask ada');
  expect(screen.queryByRole('button')).toBeNull();
});
