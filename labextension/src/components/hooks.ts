import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { Told } from '../model/told';

/** Draw again after a signal, once an animation frame at most. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    let frame = 0;
    const later = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
    };
    signal.connect(later);
    return () => {
      signal.disconnect(later);
      cancelAnimationFrame(frame);
    };
  }, [signal]);
}

/** What the service tells, read while somebody looks. */
export function useTold<T>(told: Told<T>, active: boolean): Told<T> {
  useSignal(told.changed);
  React.useEffect(() => (active ? told.watch() : undefined), [told, active]);
  return told;
}

/** The time, each second while something is shown that goes on. */
export function useNow(goesOn: boolean): number {
  const [now, set] = React.useState(Date.now);
  React.useEffect(() => {
    if (goesOn) {
      set(Date.now());
      const timer = setInterval(() => set(Date.now()), 1000);
      return () => clearInterval(timer);
    }
  }, [goesOn]);
  return now;
}
