import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Creation } from '../../model/creation';
import type { Format } from '../../model/text';

/** A specification from a file, and into one. */
export function Files(props: {
  creation: Creation;
  trans: TranslationBundle;
  /** Show a text that was read, and can't be shown as a form. */
  opened(format: Format): void;
}): JSX.Element {
  const { creation, trans, opened } = props;
  const input = React.useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (file) {
      const texts = await creation.withTexts();
      const text = await file.text();
      const format = texts?.read(file.name, text);
      if (format && texts?.broken) {
        opened(format);
      }
    }
  };
  const give = async (format: Format) => {
    const texts = await creation.withTexts();
    texts && download(`${fileName(creation)}.${format}`, texts.text(format));
  };
  return (
    <div
      className="jp-Jobsub-files"
      role="group"
      aria-label={trans.__('Files')}
    >
      <input
        ref={input}
        type="file"
        hidden
        accept=".json,.jsonc,.yaml,.yml"
        aria-label={trans.__('A file with a job')}
        onChange={event => {
          void take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => input.current?.click()}
      >
        {trans.__('Import a file')}
      </button>
      {(['json', 'yaml'] as Format[]).map(format => (
        <button
          key={format}
          type="button"
          className="jp-mod-styled"
          onClick={() => void give(format)}
        >
          {trans.__('Export %1', format.toUpperCase())}
        </button>
      ))}
    </div>
  );
}

function fileName({ form }: Creation): string {
  const name = String(form.draft.name ?? '').replace(/[^\w.-]+/g, '-');
  return name || 'job';
}

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
