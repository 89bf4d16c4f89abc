import * as React from 'react';

import { textOf, valueOf, type IParameter } from '../../model/tagged';
import { useEditing } from './editing';
import { TypedField } from './Field';
import { Rows } from './Rows';

/** The notebook's parameters: each of its tagged cell has a field, and others can be added. */
export function Parameters(): JSX.Element {
  const { trans, notebook } = useEditing();
  return (
    <fieldset className="jp-Jobsub-field">
      <legend>{trans.__('Parameters')}</legend>
      <div className="jp-Jobsub-hint">
        {notebook.parameters.length
          ? trans.__(
              'From the cell tagged “parameters”; empty is what stands there.'
            )
          : trans.__(
              'They are set before the notebook runs. Tag a cell “parameters” to have its variables offered here.'
            )}
      </div>
      {notebook.parameters.map(parameter => (
        <Parameter key={parameter.name} parameter={parameter} />
      ))}
      <Rows
        field="parameters"
        format={textOf}
        parse={valueOf}
        except={notebook.parameters.map(({ name }) => name)}
        words={{
          name: n => trans.__('Name of parameter %1', n),
          value: n => trans.__('Value of parameter %1', n),
          remove: trans.__('Remove the parameter')
        }}
      />
    </fieldset>
  );
}

function Parameter({ parameter }: { parameter: IParameter }): JSX.Element {
  const { form } = useEditing();
  const { name, source, comment } = parameter;
  const given = form.draft.parameters ?? {};
  const isText = /^["']/.test(source);
  const parse = (text: string) =>
    text === '' ? undefined : isText ? text : valueOf(text);
  const change = (value: unknown) => {
    const { [name]: _, ...others } = given;
    const now = value === undefined ? others : { ...others, [name]: value };
    form.set('parameters', Object.keys(now).length ? now : undefined);
  };
  return (
    <TypedField
      label={name}
      hint={comment}
      placeholder={source}
      code
      wrong={form.wrongAt(`parameters.${name}`, true)}
      value={given[name]}
      format={isText ? String : textOf}
      parse={parse}
      change={change}
    />
  );
}
