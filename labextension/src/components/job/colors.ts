const COLORS = ['brand', 'warn', 'success', 'accent', 'error', 'info'];

/** The CSS variable with the colour of a chart's line. */
export function lineColor(n: number): string {
  return `--jp-${COLORS[n % COLORS.length]}-color1`;
}
