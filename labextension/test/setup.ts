// jsdom has none
globalThis.DragEvent ??= class extends MouseEvent {} as typeof DragEvent;
globalThis.matchMedia ??= (media: string) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media,
    onchange: null,
    addListener: () => {},
    removeListener: () => {}
  });
