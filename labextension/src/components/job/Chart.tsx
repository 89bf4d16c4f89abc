import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { summary, type IFigure } from '../../model/figures';
import { useTheme } from '../hooks';
import { lineColor } from './colors';
import type { Plot } from './plot';

interface IProps {
  figure: IFigure;
  /** When each step began, in seconds. */
  x: number[];
  /** What charts have in common that show one time. */
  sync: string;
  /** What draws it. */
  Plot: typeof Plot;
  trans: TranslationBundle;
}

/** One figure over time. */
export function Chart({ figure, x, sync, Plot, trans }: IProps): JSX.Element {
  const node = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<Plot | null>(null);
  const newest = React.useRef({ figure, x });
  newest.current = { figure, x };
  const theme = useTheme();
  const lines = figure.lines.length;
  React.useEffect(() => {
    const { figure, x } = newest.current;
    const drawn = new Plot(node.current!, figure, x, sync);
    plot.current = drawn;
    return () => {
      drawn.destroy();
      plot.current = null;
    };
  }, [Plot, theme, sync, lines]);
  React.useEffect(() => plot.current?.draw(figure, x), [figure, x]);
  const words = summary(figure, trans);
  return (
    <figure className="jp-Jobsub-chart">
      <figcaption>
        <strong>{figure.name}</strong>
        {words.map((said, n) => (
          <span key={n}>
            <i aria-hidden style={{ background: `var(${lineColor(n)})` }} />
            {said}
          </span>
        ))}
      </figcaption>
      <div
        ref={node}
        role="img"
        aria-label={[figure.name, ...words].join('. ')}
      />
    </figure>
  );
}
