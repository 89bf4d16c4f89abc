import * as React from 'react';

export interface ITab {
  id: string;
  label: string;
  draw(): React.ReactNode;
}

interface IProps {
  label: string;
  tabs: ITab[];
  /** Which of them is shown. */
  chosen: string;
  choose(id: string): void;
}

/** Views of one thing, of which one is shown: arrow keys go from tab to tab. */
export function Tabs({ label, tabs, chosen, choose }: IProps): JSX.Element {
  const prefix = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    tabs.findIndex(({ id }) => id === chosen)
  );
  const go = (place: number) => {
    const next = (place + tabs.length) % tabs.length;
    choose(tabs[next].id);
    (list.current?.children[next] as HTMLElement).focus();
  };
  const steps: Record<string, number> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: tabs.length - 1
  };
  const shown = tabs[at];
  return (
    <>
      <div
        ref={list}
        className="jp-Jobsub-tabs"
        role="tablist"
        aria-label={label}
        onKeyDown={event => {
          if (event.key in steps) {
            event.preventDefault();
            go(steps[event.key]);
          }
        }}
      >
        {tabs.map((tab, place) => (
          <button
            key={tab.id}
            id={`${prefix}-${tab.id}`}
            className="jp-Jobsub-tab"
            role="tab"
            aria-selected={place === at}
            aria-controls={`${prefix}-shown`}
            tabIndex={place === at ? 0 : -1}
            onClick={() => choose(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        key={shown.id}
        id={`${prefix}-shown`}
        className="jp-Jobsub-tabpanel"
        data-tab={shown.id}
        role="tabpanel"
        aria-labelledby={`${prefix}-${shown.id}`}
        tabIndex={0}
      >
        {shown.draw()}
      </div>
    </>
  );
}
