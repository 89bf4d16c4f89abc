import type { IEditorServices } from '@jupyterlab/codeeditor';
import { CodeEditor } from '@jupyterlab/codeeditor';
import type { TranslationBundle } from '@jupyterlab/translation';
import { RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view';
import * as React from 'react';

import type { Format } from '../../model/text';
import type { ILineError, SpecTexts } from '../../model/texts';

interface IProps {
  texts: SpecTexts;
  format: Format;
  /** How often it was to be submitted: after each, what is wrong first is gone to. */
  tries: number;
  editors: IEditorServices;
  trans: TranslationBundle;
}

/** The specification as text, in JupyterLab's own editor; what is wrong stands at its line. */
export function TextView(props: IProps): JSX.Element {
  const { texts, format, tries, trans } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const editor = useEditor(host, props);
  const text = texts.text(format);
  const wrong = texts.wrong(format);

  React.useEffect(() => {
    const source = editor?.model.sharedModel;
    if (source && source.getSource() !== text) {
      source.setSource(text);
    }
  }, [editor, text]);
  React.useEffect(() => {
    editor && mark(editor, wrong);
  });

  const go = ({ line, column = 1 }: ILineError) => {
    const place = { line: line - 1, column: column - 1 };
    editor?.setCursorPosition(place);
    editor?.revealPosition(place);
    editor?.focus();
  };
  React.useEffect(() => {
    if (tries && wrong.length) {
      go(wrong[0]);
    }
    // after a try alone
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [tries]);
  return (
    <div className="jp-Jobsub-text">
      <div ref={host} className="jp-Jobsub-editor" />
      <p className="jp-Jobsub-hint">
        {trans.__('Press Escape and then Tab to leave the editor.')}
      </p>
      {wrong.length > 0 && (
        <ul
          className="jp-Jobsub-lines"
          aria-label={trans.__('What is wrong')}
          aria-live="polite"
        >
          {wrong.map(one => {
            const { line, field, message, remedy } = one;
            return (
              <li key={`${line} ${field} ${message}`}>
                <button type="button" onClick={() => go(one)}>
                  {trans.__('Line %1', line)}
                </button>{' '}
                {field && field !== '(whole)' && <b>{field}: </b>}
                {message}
                {remedy && ` – ${remedy}`}
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

function useEditor(
  host: React.RefObject<HTMLDivElement>,
  { texts, format, editors, trans }: IProps
): CodeEditor.IEditor | null {
  const [editor, setEditor] = React.useState<CodeEditor.IEditor | null>(null);
  React.useEffect(() => {
    const model = new CodeEditor.Model({
      mimeType: texts.mimeType(format)
    });
    model.sharedModel.setSource(texts.text(format));
    const made = editors.factoryService.newDocumentEditor({
      host: host.current!,
      model,
      config: { lineNumbers: true, lineWrap: true, tabSize: 2 }
    });
    made.injectExtension?.([
      marks,
      EditorView.contentAttributes.of({
        'aria-label': trans.__('The job as %1', format.toUpperCase())
      })
    ]);
    model.sharedModel.changed.connect(() => {
      const written = model.sharedModel.getSource();
      if (written !== texts.text(format)) {
        texts.write(format, written);
      }
    });
    setEditor(made);
    return () => {
      setEditor(null);
      made.dispose();
      model.dispose();
    };
  }, [host, texts, format, editors, trans]);
  return editor;
}

const setMarks = StateEffect.define<readonly ILineError[]>();

/** The lines on which something is wrong. */
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) {
        const builder = new RangeSetBuilder<Decoration>();
        for (const { line, message } of effect.value) {
          const { doc } = transaction.state;
          const { from } = doc.line(Math.min(line, doc.lines));
          const attributes = { class: 'jp-Jobsub-wrongLine', title: message };
          builder.add(from, from, Decoration.line({ attributes }));
        }
        return builder.finish();
      }
    }
    return shown.map(transaction.changes);
  },
  provide: field => EditorView.decorations.from(field)
});

function mark(editor: CodeEditor.IEditor, wrong: readonly ILineError[]): void {
  const { editor: view } = editor as unknown as { editor: EditorView };
  view.dispatch({ effects: setMarks.of(wrong) });
}
