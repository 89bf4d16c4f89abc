// jsdom has none
globalThis.DragEvent ??= class extends MouseEvent {} as typeof DragEvent;
globalThis.requestIdleCallback ??= callback => window.setTimeout(callback);
globalThis.matchMedia ??= (media: string) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media,
    onchange: null,
    addListener: () => {},
    removeListener: () => {}
  });
