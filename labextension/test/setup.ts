// jsdom has none
globalThis.DragEvent ??= class extends MouseEvent {} as typeof DragEvent;
