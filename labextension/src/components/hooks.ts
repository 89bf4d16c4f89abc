import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { unloaded, type ApiError } from '../api/http';
import type { Told } from '../model/told';

/**
 * Draw again after a signal, once an animation frame at most.
 *
 * @param atOnce - For what is typed into: until it is drawn, a field undoes what was typed.
 */
export function useSignal(
  signal: ISignal<unknown, unknown>,
  atOnce = false
): void {
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    let frame = 0;
    const later = () => {
      if (atOnce) {
        draw();
        return;
      }
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
    };
    signal.connect(later);
    later(); // it may have been told since the first drawing
    return () => {
      signal.disconnect(later);
      cancelAnimationFrame(frame);
    };
  }, [signal, atOnce]);
}

/** What the service tells, read while somebody looks. */
export function useTold<T>(told: Told<T>, active: boolean): Told<T> {
  useSignal(told.changed);
  React.useEffect(() => (active ? told.watch() : undefined), [told, active]);
  return told;
}

/** What a view imports when it is looked at; an error says that it could not be, until it is tried again. */
export function useImported<T>(
  load: () => Promise<T>,
  trans: TranslationBundle
): { value: T | null; error: ApiError | null; refresh(): void } {
  const [tries, refresh] = React.useReducer((n: number) => n + 1, 0);
  const [value, set] = React.useState<{ it: T } | null>(null);
  const [error, fail] = React.useState<ApiError | null>(null);
  React.useEffect(() => {
    let wanted = true;
    fail(null);
    load().then(
      it => wanted && set({ it }),
      () => wanted && fail(unloaded(trans))
    );
    return () => {
      wanted = false;
    };
  }, [load, tries, trans]);
  return { value: value?.it ?? null, error, refresh };
}

/** Something that a view makes for itself, and disposes of when it needs another or is gone. */
export function useOwned<T extends IDisposable>(
  make: () => T,
  needs: React.DependencyList
): T | null {
  const [owned, set] = React.useState<T | null>(null);
  React.useEffect(() => {
    const one = make();
    set(one);
    return () => one.dispose();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the caller knows what it makes it of
  }, needs);
  return owned?.isDisposed ? null : owned;
}

/** The name of JupyterLab's theme, for what can't follow it by CSS. */
export function useTheme(): string {
  const read = () => document.body.dataset.jpThemeName ?? '';
  const [theme, set] = React.useState(read);
  React.useEffect(() => {
    const observer = new MutationObserver(() => set(read()));
    observer.observe(document.body, {
      attributeFilter: ['data-jp-theme-name']
    });
    return () => observer.disconnect();
  }, []);
  return theme;
}

/** Whether the view can be seen: what cannot be seen has no clock. */
export const Shown = React.createContext(true);

/** The time, each second while something is shown that goes on. */
export function useNow(goesOn: boolean): number {
  const [now, set] = React.useState(Date.now);
  const ticks = React.useContext(Shown) && goesOn;
  React.useEffect(() => {
    if (ticks) {
      set(Date.now());
      const timer = setInterval(() => set(Date.now()), 1000);
      return () => clearInterval(timer);
    }
  }, [ticks]);
  return now;
}
