import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { ApiError } from '../../api/http';
import type { JobList } from '../../model/list';
import { Empty } from './Empty';

afterEach(cleanup);

const shown = (error: ApiError) => {
  const list = {
    error,
    filter: { mine: true, text: 'a', sort: 'name' },
    refresh: vi.fn()
  };
  render(
    <Empty
      list={list as unknown as JobList}
      trans={nullTranslator.load('')}
      commands={new CommandRegistry()}
    />
  );
  return list;
};
const buttons = () =>
  screen.getAllByRole('button').map(({ textContent }) => textContent);

it('names what is wrong of the filters, and clears them', () => {
  const list = shown(
    new ApiError(422, {
      detail: '1 field is wrong',
      errors: [{ field: 'text', message: 'is short', remedy: 'type more' }]
    })
  );
  screen.getByText('text: is short – type more');
  expect(buttons()).toEqual(['Clear the filters']);
  fireEvent.click(screen.getByRole('button'));
  expect(list.filter).toEqual({ mine: true });
});

it('tries again what may go well then', () => {
  const list = shown(new ApiError(503, { detail: 'it starts' }));
  expect(buttons()).toEqual(['Try again']);
  fireEvent.click(screen.getByRole('button'));
  expect(list.refresh).toHaveBeenCalled();
});
