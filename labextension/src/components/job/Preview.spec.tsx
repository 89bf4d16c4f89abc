import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Api } from '../../api/http';
import { contentOf, Preview } from './Preview';

afterEach(cleanup);

describe('what is shown of a file', () => {
  const holds = (text: string) =>
    vi.fn(async () => Uint8Array.from(text, sign => sign.charCodeAt(0)));

  beforeEach(() => {
    URL.createObjectURL = vi.fn(() => 'blob:one');
  });

  it('is the beginning of a text', async () => {
    const read = holds('loss 0.1');
    const found = await contentOf('notes.txt', 10 ** 9, read);
    expect(found).toEqual({ text: 'loss 0.1' });
    expect(read).toHaveBeenCalledWith(256 * 1024);
  });

  it('is a picture, if it is not too large to be one', async () => {
    const read = holds('GIF89a');
    expect(await contentOf('a.GIF', 6, read)).toEqual({ image: 'blob:one' });
    expect(await contentOf('a.gif', 10 ** 9, read)).toEqual({ binary: true });
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('is nothing of what is neither', async () => {
    expect(await contentOf('w.bin', 3, holds('a\0b'))).toEqual({
      binary: true
    });
    const read = holds('');
    expect(await contentOf('empty', 0, read)).toEqual({ text: '' });
    expect(read).not.toHaveBeenCalled();
  });

  it('is a word where a picture is broken', async () => {
    URL.revokeObjectURL = vi.fn();
    const api = { artifact: async () => new Uint8Array(1) };
    const item = { path: 'bad.png', size: 1, modified_at: '' };
    render(
      <Preview
        api={api as unknown as Api}
        id="job-1"
        item={item}
        attempt={1}
        trans={nullTranslator.load('')}
      />
    );
    fireEvent.error(await screen.findByRole('img', { name: 'bad.png' }));
    screen.getByText('This can’t be shown here: download it.');
    expect(screen.queryByRole('img')).toBeNull();
  });
});
