import * as React from 'react';

/** What a dialog says, in paragraphs. */
export function paragraphs(...texts: string[]): JSX.Element {
  return (
    <div className="jp-Jobsub-paragraphs">
      {texts.map(text => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}
