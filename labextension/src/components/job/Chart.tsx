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
  trans: TranslationBundle;
}

/** One figure over time; the library that draws it is loaded when it is needed. */
export function Chart({ figure, x, sync, trans }: IProps): JSX.Element {
  const node = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<Plot | null>(null);
  const newest = React.useRef({ figure, x });
  newest.current = { figure, x };
  const theme = useTheme();
  const lines = figure.lines.length;
  React.useEffect(() => {
    let wanted = true;
    void import('./plot').then(({ Plot }) => {
      if (wanted && node.current) {
        const { figure, x } = newest.current;
        plot.current = new Plot(node.current, figure, x, sync);
      }
    });
    return () => {
      wanted = false;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, sync, lines]);
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
