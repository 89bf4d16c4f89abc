import type { JupyterFrontEnd } from '@jupyterlab/application';
import { TabPanel, type Widget } from '@lumino/widgets';

import type { IJobsub } from './tokens';

/** Bring a view before the person; one that is nowhere yet gets its place in the first area that takes it. */
export function bring(
  shell: JupyterFrontEnd.IShell,
  widget: Widget,
  { areas }: IJobsub
): void {
  for (const area of widget.isAttached ? [] : areas) {
    if (!widget.isAttached) {
      widget.toggleClass('jp-Jobsub-below', area === 'down');
      shell.add(widget, area);
    }
  }
  const tabs = widget.parent?.parent;
  if (tabs instanceof TabPanel) {
    tabs.currentWidget = widget; // activating does not choose the tab there
  }
  shell.activateById(widget.id);
}
