import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { FieldError, InstanceType } from '../../api/types';
import { amounts, beyond, room, typeOf } from '../../model/fit';
import type { Draft } from '../../model/spec';
import { useEditing, usePlace } from './editing';
import { Wrong } from './Field';

/** The sizes that a job can have: what each has, what is free now, and why one is never. */
export function InstanceTypes(): JSX.Element {
  const { form, trans } = useEditing();
  const { types, all } = usePlace();
  const { draft } = form;
  const chosen = typeOf(draft, types);
  const said = form.wrongAt('instance_type').concat(form.wrongAt('gpus'));
  const wrong = said.length || chosen ? said : unknown(draft, trans);
  const id = React.useId();
  return (
    <fieldset
      className="jp-Jobsub-field jp-Jobsub-types"
      aria-describedby={`${id}-wrong`}
    >
      <legend>{trans.__('Instance type')}</legend>
      {typeof draft.gpus === 'number' && (
        <div className="jp-Jobsub-hint">
          {trans.__('The smallest with at least %1 GPUs.', draft.gpus)}
        </div>
      )}
      <div className="jp-Jobsub-typeList">
        {types.map(type => (
          <Type
            key={type.name}
            type={type}
            reasons={beyond(type, all, trans)}
            free={room(type, all)}
            checked={type === chosen}
            group={id}
            invalid={type === chosen && wrong.length > 0}
            choose={() => {
              form.set('gpus', undefined);
              form.set('instance_type', type.name);
            }}
          />
        ))}
      </div>
      <Wrong id={`${id}-wrong`} wrong={wrong} />
    </fieldset>
  );
}

/** What an imported specification may name, and the group doesn't have. */
function unknown(
  { instance_type: name }: Draft,
  trans: TranslationBundle
): FieldError[] {
  const field = 'instance_type';
  const message = trans.__('the group has no instance type “%1”', name);
  return name ? [{ field, message, remedy: trans.__('choose one') }] : [];
}

function Type(props: {
  type: InstanceType;
  /** Why it can never be had. */
  reasons: string[];
  /** How many could start now; null if nothing bounds them. */
  free: number | null;
  checked: boolean;
  invalid: boolean;
  group: string;
  choose(): void;
}): JSX.Element {
  const { trans } = useEditing();
  const { type, reasons, free, checked, invalid, group, choose } = props;
  const never = reasons.length > 0;
  return (
    <label className="jp-Jobsub-type" data-never={never || undefined}>
      <input
        type="radio"
        name={group}
        checked={checked}
        disabled={never}
        aria-invalid={invalid || undefined}
        onChange={choose}
      />
      <span className="jp-Jobsub-type-name">{type.name}</span>
      <span className="jp-Jobsub-type-has">
        {amounts(type, trans).join(' · ') || trans.__('no bounds')}
      </span>
      <span className="jp-Jobsub-type-free">
        {never
          ? ''
          : free === null
            ? trans.__('free')
            : free
              ? trans.__('%1 free now', free)
              : trans.__('none free now')}
      </span>
      {(type.description || never) && (
        <span className="jp-Jobsub-type-about">
          {never
            ? trans.__('Can never start: it %1.', reasons[0])
            : type.description}
        </span>
      )}
    </label>
  );
}
