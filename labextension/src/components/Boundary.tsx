import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

interface IProps {
  trans: TranslationBundle;
  children: React.ReactNode;
}

/** Keeps a view that fails from going blank: what was typed is in its model, and is shown again. */
export class Boundary extends React.Component<
  IProps,
  { failure: Error | null }
> {
  static getDerivedStateFromError(failure: Error) {
    return { failure };
  }

  state = { failure: null as Error | null };

  render(): React.ReactNode {
    const { trans, children } = this.props;
    const { failure } = this.state;
    if (!failure) {
      return children;
    }
    return (
      <div className="jp-Jobsub-empty" role="alert">
        <h2>{trans.__('This view has failed')}</h2>
        <p>{failure.message}</p>
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => this.setState({ failure: null })}
        >
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
}
