import * as React from 'react';

import { readableOn, type IRun, type IStyle } from '../../model/ansi';
import type { Found } from '../../model/search';

interface IProps {
  runs: readonly IRun[];
  /** What was found in it. */
  found: readonly Found[];
  /** Which of these is the current one; -1 if it is in another line. */
  current: number;
}

/** A line, as text in the colours that it was written in. */
export const LogLine = React.memo(
  ({ runs, found, current }: IProps): JSX.Element => {
    let at = 0;
    return (
      <>
        {runs.map(({ text, style }, n) => {
          const begin = at;
          at += text.length;
          return (
            <span key={n} {...looks(style)}>
              {found.length ? marked(text, begin, found, current) : text}
            </span>
          );
        })}
      </>
    );
  }
);

/** A text that begins somewhere in the line, with what was found in it marked. */
function marked(
  text: string,
  begin: number,
  found: readonly Found[],
  current: number
): React.ReactNode[] {
  const parts: React.ReactNode[] = [];
  let done = 0;
  found.forEach(([first, end], n) => {
    const [from, to] = [first - begin, end - begin].map(place =>
      Math.min(Math.max(place, done), text.length)
    );
    if (from < to) {
      parts.push(text.slice(done, from));
      parts.push(
        <mark key={n} data-current={n === current || undefined}>
          {text.slice(from, to)}
        </mark>
      );
      done = to;
    }
  });
  parts.push(text.slice(done));
  return parts;
}

const CLASSES = [
  'bold',
  'dim',
  'italic',
  'underline',
  'strike',
  'inverse'
] as const;

/** Classes and colours; the style sheet makes a colour readable that comes without its background. */
function looks(style: IStyle): React.HTMLAttributes<HTMLElement> {
  const names: string[] = CLASSES.filter(name => style[name]).map(
    name => `jp-mod-${name}`
  );
  const { color, background } = style;
  const shown: React.CSSProperties & Record<`--${string}`, string> = {};
  if (background) {
    names.push('jp-mod-background');
    shown['--jp-jobsub-background'] = background;
    shown['--jp-jobsub-color'] = color ?? readableOn(background);
  } else if (color) {
    names.push('jp-mod-color');
    shown['--jp-jobsub-color'] = color;
  }
  return names.length ? { className: names.join(' '), style: shown } : {};
}
