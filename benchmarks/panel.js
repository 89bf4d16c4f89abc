// In each page before its own scripts: what happens there, and when, without asking again and again.
(() => {
  const PATIENCE = 60_000; // milliseconds

  /** Wait until something is in the page. */
  const until = (what, find) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found) {
          changes.disconnect();
          clearTimeout(end);
          resolve(found);
        }
      };
      const changes = new MutationObserver(look);
      const end = setTimeout(() => reject(new Error(`${what} did not come`)), PATIENCE);
      changes.observe(document, { subtree: true, childList: true, attributes: true });
      look();
    });
  const element = css => until(css, () => document.querySelector(css));
  const pressed = () =>
    new Promise(resolve => addEventListener('pointerdown', resolve, { capture: true, once: true }));
  const frame = () => new Promise(requestAnimationFrame);

  /** Milliseconds from the navigation until JupyterLab's splash is gone. */
  const loaded = async () => {
    await element('#jupyterlab-splash');
    await until('JupyterLab', () => !document.getElementById('jupyterlab-splash'));
    return performance.now();
  };

  /** Milliseconds from the next press, on the panel's tab, until all jobs are listed and an arrow is followed. */
  const opened = async () => {
    const panel = '#jupyter-jobsub:not(.lm-mod-hidden)';
    await pressed();
    const began = performance.now();
    (await element(`${panel} .jp-Jobsub-tab:nth-child(2)`)).click();
    await element(`${panel} [data-job]`);
    const list = await element(`${panel} [role=listbox]`);
    list.focus();
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    await element(`${panel} [aria-posinset="2"][aria-selected=true]`);
    await frame();
    return performance.now() - began;
  };

  window.bench = { loaded: loaded(), opened };
})();
