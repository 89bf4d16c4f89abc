import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import type { IFigure } from '../../model/figures';
import { lineColor } from './colors';

const HEIGHT = 150;
const POWERS = Array.from({ length: 50 }, (_, n) => 2 ** n);

/** A chart in an element: it is as wide as that, and in the theme's colours. */
export class Plot {
  constructor(
    private _node: HTMLElement,
    figure: IFigure,
    x: number[],
    sync: string
  ) {
    this._chart = new UPlot(
      options(_node, figure, sync),
      data(figure, x),
      _node
    );
    this._observer.observe(_node);
  }

  draw(figure: IFigure, x: number[]): void {
    this._chart.setData(data(figure, x));
  }

  destroy(): void {
    this._observer.disconnect();
    this._chart.destroy();
  }

  private _chart: UPlot;
  private _observer = new ResizeObserver(() =>
    this._chart.setSize({ width: this._node.clientWidth, height: HEIGHT })
  );
}

function data(figure: IFigure, x: number[]): UPlot.AlignedData {
  return [x, ...figure.lines.map(({ values }) => values)];
}

function options(
  node: HTMLElement,
  figure: IFigure,
  sync: string
): UPlot.Options {
  const color = (name: string) =>
    getComputedStyle(node).getPropertyValue(name).trim();
  const axis: UPlot.Axis = {
    stroke: color('--jp-ui-font-color2'),
    grid: { stroke: color('--jp-border-color2'), width: 1 },
    ticks: { show: false },
    font: `11px ${color('--jp-ui-font-family')}`
  };
  return {
    width: node.clientWidth,
    height: HEIGHT,
    cursor: { sync: { key: sync }, drag: { setScale: false } },
    scales: { y: { range: (_, __, max) => [0, max || 1] } },
    axes: [
      {
        ...axis,
        space: 80,
        values: (_, splits, __, ___, step) => times(splits, step)
      },
      {
        ...axis,
        size: 76,
        incrs: figure.binary ? POWERS : undefined,
        values: (_, splits) => splits.map(figure.format)
      }
    ],
    legend: { show: false },
    series: [
      {},
      ...figure.lines.map(({ name }, n) => ({
        label: name,
        stroke: color(lineColor(n)),
        width: 1.5,
        points: { fill: color('--jp-layout-color1') }
      }))
    ]
  };
}

/** The time of day at each mark, to seconds where they are so close; below it the day, where another one begins. */
export function times(marks: number[], step: number): string[] {
  const as = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(
      document.documentElement.lang || undefined,
      options
    );
  const day = as({ month: 'short', day: 'numeric' });
  const time = as({
    hour: '2-digit',
    minute: '2-digit',
    second: step < 60 ? '2-digit' : undefined,
    hourCycle: 'h23'
  });
  let last = '';
  return marks.map(mark => {
    const at = new Date(mark * 1000);
    const today = day.format(at);
    const begins = today !== last;
    last = today;
    if (step >= 86400) {
      return today;
    }
    return begins ? `${time.format(at)}\n${today}` : time.format(at);
  });
}
