import { JSONExt } from '@lumino/coreutils';
import * as React from 'react';

import { useEditing, usePlace } from './editing';
import { Field, Select, TypedField, wholeNumber, Wrong } from './Field';
import { CommandInput } from './Runs';

type Role = Record<string, unknown>;

/** Tasks that run together, in roles of equal ones. */
export function Roles(): JSX.Element {
  const { form, trans } = useEditing();
  const given = form.draft.task_roles;
  const roles: Role[] = Array.isArray(given)
    ? given.map(role => (JSONExt.isObject(role ?? null) ? role : {}))
    : [];
  const change = (index: number, role: Role | null) => {
    const changed = [...roles];
    changed.splice(index, 1, ...(role ? [role] : []));
    form.set('task_roles', changed.length ? changed : undefined);
  };
  const add = () =>
    change(roles.length, { name: nameFor(roles), tasks: 1, command: '' });
  return (
    <div className="jp-Jobsub-field">
      <div className="jp-Jobsub-hint">
        {trans.__(
          'Tasks start together, each knows the addresses of all, and they end together.'
        )}
      </div>
      {roles.map((role, index) => (
        <RoleFields
          key={index}
          role={role}
          at={`task_roles.${index}`}
          change={changed => change(index, changed)}
        />
      ))}
      <Wrong wrong={form.wrongAt('task_roles')} />
      <button type="button" className="jp-mod-styled" onClick={add}>
        {trans.__('Add a role')}
      </button>
    </div>
  );
}

function nameFor(roles: readonly Role[]): string {
  const taken = new Set(roles.map(({ name }) => name));
  const all = roles.map((_, n) => `worker-${n + 1}`);
  return ['worker', ...all].find(name => !taken.has(name)) ?? '';
}

interface IRoleProps {
  role: Role;
  /** Where the specification has it. */
  at: string;
  change(role: Role | null): void;
}

function RoleFields({ role, at, change }: IRoleProps): JSX.Element {
  const { trans, form } = useEditing();
  const { types } = usePlace();
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = role;
    change(value === undefined ? rest : { ...role, [name]: value });
  };
  const number = (
    name: string,
    label: string,
    empty: string,
    none?: null,
    standard?: number
  ) => (
    <TypedField
      label={label}
      placeholder={empty}
      numeric
      wrong={form.wrongAt(`${at}.${name}`)}
      value={(name in role ? role[name] : standard) ?? undefined}
      parse={wholeNumber}
      change={value => set(name, value ?? none)}
    />
  );
  return (
    <fieldset className="jp-Jobsub-role">
      <legend>{String(role.name || trans.__('Role'))}</legend>
      <div className="jp-Jobsub-columns">
        <TypedField
          label={trans.__('Role')}
          wrong={form.wrongAt(`${at}.name`)}
          value={role.name}
          change={value => set('name', value)}
        />
        {number('tasks', trans.__('Tasks'), '1')}
        <Field
          label={trans.__('Instance type')}
          wrong={form.wrongAt(`${at}.instance_type`)}
        >
          {tied => (
            <Select
              {...tied}
              value={role.instance_type}
              otherwise={trans.__('the job’s')}
              options={types.map(({ name }) => ({ value: name, text: name }))}
              onChange={value => set('instance_type', value)}
            />
          )}
        </Field>
      </div>
      <CommandInput
        label={trans.__('Command of each task')}
        field={`${at}.command`}
        value={role.command}
        change={value => set('command', value ?? '')}
      />
      <div className="jp-Jobsub-columns">
        {number(
          'min_failed',
          trans.__('Failed tasks that fail the job'),
          trans.__('no number'),
          null,
          1
        )}
        {number(
          'min_succeeded',
          trans.__('Succeeded tasks that are enough'),
          trans.__('all')
        )}
        <TypedField
          label={trans.__('Ports')}
          hint={trans.__('Labels, with a count if it is not 1: http rpc:2')}
          code
          wrong={form.wrongAt(`${at}.ports`, true)}
          value={role.ports}
          format={portsText}
          parse={portsOf}
          change={value => set('ports', value)}
        />
      </div>
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => change(null)}
      >
        {trans.__('Remove the role %1', String(role.name ?? ''))}
      </button>
    </fieldset>
  );
}

/** Ports by label, as in `rpc:1 http:2`. */
function portsText(ports: unknown): string {
  return Array.isArray(ports)
    ? ports
        .map(({ label, count = 1 }) =>
          count === 1 ? label : `${label}:${count}`
        )
        .join(' ')
    : String(ports);
}

function portsOf(text: string): unknown {
  const words = text.split(/[\s,]+/).filter(Boolean);
  return words.length
    ? words.map(word => {
        const [, label, count] = /^(.*?)(?::(\d+))?$/.exec(word) ?? [];
        return count ? { label, count: Number(count) } : { label };
      })
    : undefined;
}
