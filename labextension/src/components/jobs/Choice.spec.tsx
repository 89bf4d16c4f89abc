import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { Choice } from './Choice';

const OPTIONS = ['red', 'green', 'blue'].map(value => ({
  value,
  label: value
}));

afterEach(cleanup);

it('lets one tick several, in the order of the list, and counts them', () => {
  const choose = vi.fn();
  const props = { label: 'Colour', none: '', options: OPTIONS, choose };
  render(<Choice {...props} counts chosen={['blue']} />);
  const button = screen.getByRole('button', { name: 'Colour (1)' });
  expect(button.getAttribute('aria-expanded')).toBe('false');
  fireEvent.click(button);
  expect(button.getAttribute('aria-expanded')).toBe('true');
  fireEvent.click(screen.getByLabelText('red'));
  expect(choose).toHaveBeenLastCalledWith(['red', 'blue']);
  fireEvent.click(screen.getByLabelText('blue'));
  expect(choose).toHaveBeenLastCalledWith([]);
});

it('is closed by Escape, which gives the button the focus', () => {
  const opened = vi.fn();
  const props = { label: 'Colour', none: 'None.', options: [], chosen: [] };
  render(<Choice {...props} choose={vi.fn()} onOpen={opened} />);
  const button = screen.getByRole('button');
  fireEvent.click(button);
  expect(screen.getByText('None.')).toBeTruthy();
  fireEvent.keyDown(screen.getByRole('group'), { key: 'Escape' });
  expect(screen.queryByRole('group')).toBeNull();
  expect(document.activeElement).toBe(button);
  expect(opened.mock.calls).toEqual([[true], [false]]);
});
