import * as React from 'react';

import { KINDS, type Kind } from '../../model/spec';
import { join, split } from '../../model/shell';
import { useEditing, useText } from './editing';
import { Field, PathField } from './Field';
import { Parameters } from './Parameters';
import { Roles } from './Roles';

/** What runs: a notebook, a script, a command, or several of them together. */
export function Runs(): JSX.Element {
  const { form, trans } = useEditing();
  const name = React.useId();
  const words: Record<Kind, string> = {
    notebook: trans.__('Notebook'),
    script: trans.__('Script'),
    command: trans.__('Command'),
    task_roles: trans.__('Several tasks')
  };
  return (
    <>
      <fieldset className="jp-Jobsub-kinds">
        <legend>{trans.__('What runs')}</legend>
        {KINDS.map(kind => (
          <label key={kind}>
            <input
              type="radio"
              name={name}
              checked={form.kind === kind}
              onChange={() => {
                form.kind = kind;
              }}
            />
            {words[kind]}
          </label>
        ))}
      </fieldset>
      {form.kind === 'notebook' && <NotebookFields />}
      {form.kind === 'script' && <ScriptFields />}
      {form.kind === 'command' && <CommandField />}
      {form.kind === 'task_roles' && <Roles />}
      {(form.kind === 'notebook' || form.draft.parameters) && <Parameters />}
    </>
  );
}

function NotebookFields(): JSX.Element {
  const { trans } = useEditing();
  return (
    <>
      <PathField
        field="notebook"
        what="notebook"
        label={trans.__('Path of the notebook')}
        hint={trans.__('It is run as it is when you submit it.')}
        placeholder="/home/…/train.ipynb"
      />
    </>
  );
}

function ScriptFields(): JSX.Element {
  const { form, trans } = useEditing();
  const { draft } = form;
  const args = useText(
    draft.args,
    value => (Array.isArray(value) ? join(value.map(String)) : String(value)),
    text => (text.trim() === '' ? undefined : (split(text) ?? text)),
    value => form.set('args', value)
  );
  const open = typeof draft.args === 'string';
  return (
    <>
      <PathField
        field="script"
        what="script"
        label={trans.__('Path of the script')}
        hint={trans.__(
          'A .py or .sh file; it is run as it is when you submit it.'
        )}
        placeholder="/home/…/train.py"
      />
      {typeof draft.content === 'string' && (
        <Field
          label={trans.__('Text of the script')}
          hint={trans.__('It is sent along, and no file is read.')}
          wrong={form.wrongAt('content')}
        >
          {tied => (
            <textarea
              {...tied}
              className="jp-mod-styled jp-Jobsub-typed"
              rows={rowsFor(draft.content)}
              spellCheck={false}
              value={draft.content}
              onChange={event => form.set('content', event.target.value)}
            />
          )}
        </Field>
      )}
      <Field
        label={trans.__('Arguments')}
        hint={trans.__('As in a shell: quote what has spaces in it.')}
        wrong={
          open
            ? [
                {
                  field: 'args',
                  message: trans.__('a quote has no end'),
                  remedy: trans.__('close it')
                }
              ]
            : form.wrongAt('args', true)
        }
      >
        {tied => (
          <textarea
            {...tied}
            {...args}
            rows={rowsFor(args.value, 1)}
            className="jp-mod-styled jp-Jobsub-typed"
            spellCheck={false}
          />
        )}
      </Field>
    </>
  );
}

function CommandField(): JSX.Element {
  const { form, trans } = useEditing();
  return (
    <CommandInput
      label={trans.__('Command')}
      hint={trans.__('It is given to the shell just as it stands here.')}
      field="command"
      value={form.draft.command}
      change={value => form.set('command', value)}
    />
  );
}

/** Shell text: quotes and newlines stay as they are typed. */
export function CommandInput(props: {
  label: string;
  hint?: string;
  field: string;
  value: unknown;
  change(value: unknown): void;
}): JSX.Element {
  const { label, hint, field, value, change } = props;
  const { form } = useEditing();
  // of a list with one member that is the shell's text
  const write = (words: unknown) =>
    Array.isArray(words)
      ? words.length === 1
        ? String(words[0])
        : join(words.map(String))
      : String(words);
  const text = useText(value, write, typed => typed || undefined, change);
  return (
    <Field label={label} hint={hint} wrong={form.wrongAt(field, true)}>
      {tied => (
        <textarea
          {...tied}
          {...text}
          className="jp-mod-styled jp-Jobsub-typed"
          rows={rowsFor(text.value)}
          spellCheck={false}
          placeholder="python train.py"
        />
      )}
    </Field>
  );
}

/** As many rows as a text has, within bounds. */
function rowsFor(text: string, least = 3): number {
  return Math.min(16, Math.max(least, text.split('\n').length));
}
