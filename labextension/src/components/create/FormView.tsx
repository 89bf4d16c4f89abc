import * as React from 'react';

import { span } from '../../words';
import { useEditing, usePlace } from './editing';
import {
  CheckField,
  DurationField,
  Field,
  NumberField,
  PathField,
  Select,
  TextField
} from './Field';
import { InstanceTypes } from './InstanceTypes';
import { Resources } from './Resources';
import { Rows } from './Rows';
import { Runs } from './Runs';

/** The specification as a form, beside what it asks for. */
export function FormView(): JSX.Element {
  const { trans } = useEditing();
  return (
    <div className="jp-Jobsub-form">
      <div className="jp-Jobsub-createFields">
        <section>
          <h2>{trans.__('The job')}</h2>
          <Runs />
          <TextField
            field="name"
            label={trans.__('Name')}
            hint={trans.__('All members of the group see it.')}
            placeholder={trans.__('made from what runs')}
          />
        </section>
        <section>
          <h2>{trans.__('Where it runs')}</h2>
          <GroupField />
          <InstanceTypes />
          <ImageField />
          <PathField
            field="working_dir"
            what="folder"
            label={trans.__('Working folder')}
            placeholder={trans.__('the file’s own folder, or a temporary one')}
          />
        </section>
        <section>
          <h2>{trans.__('Environment variables')}</h2>
          <Rows
            field="env"
            words={{
              name: n => trans.__('Name of variable %1', n),
              value: n => trans.__('Value of variable %1', n),
              remove: trans.__('Remove the variable')
            }}
          />
        </section>
        <Order />
      </div>
      <Resources />
    </div>
  );
}

function GroupField(): JSX.Element {
  const { form, catalog, trans } = useEditing();
  const names = catalog.groups.map(({ name }) => name);
  return (
    <Field label={trans.__('Group')} wrong={form.wrongAt('group')}>
      {tied => (
        <Select
          {...tied}
          value={form.draft.group ?? catalog.defaults.group ?? undefined}
          options={names.map(name => ({ value: name, text: name }))}
          onChange={value => form.set('group', value)}
        />
      )}
    </Field>
  );
}

/** What it runs in, by the names of the catalog. */
function ImageField(): JSX.Element {
  const { form, catalog, notebook, trans } = useEditing();
  const { group } = usePlace();
  const allowed = catalog.groups.find(({ name }) => name === group)?.images;
  const images = catalog.images.filter(
    ({ name }) => !allowed || allowed.includes(name)
  );
  const { draft } = form;
  const local = catalog.engine === 'local';
  const kernel = local && form.kind === 'notebook' ? notebook.kernel : null;
  const otherwise =
    kernel || (local && draft.environment) || images[0]?.name || '';
  return (
    <Field
      label={trans.__('Image')}
      hint={
        images.find(({ name }) => name === draft.image)?.description ||
        (local ? trans.__('The environment that it runs in.') : undefined)
      }
      wrong={form.wrongAt('image').concat(form.wrongAt('environment'))}
    >
      {tied => (
        <Select
          {...tied}
          value={draft.image}
          otherwise={
            kernel
              ? trans.__('the notebook’s kernel (%1)', kernel)
              : trans.__('as usual (%1)', otherwise)
          }
          options={images.map(({ name }) => ({ value: name, text: name }))}
          onChange={value => form.set('image', value)}
        />
      )}
    </Field>
  );
}

/** In which order, how long and how often it runs. */
function Order(): JSX.Element {
  const { catalog, trans } = useEditing();
  const { defaults } = catalog;
  return (
    <section>
      <h2>{trans.__('Order, time and retries')}</h2>
      <div className="jp-Jobsub-columns">
        <NumberField
          field="priority"
          label={trans.__('Priority')}
          hint={trans.__('1 to 1000; higher runs earlier in its group.')}
          placeholder={String(defaults.priority)}
        />
        <DurationField
          field="deadline_seconds"
          label={trans.__('Deadline')}
          hint={trans.__('How long it may run: 90s, 30m, 1h 30m, 7d.')}
          placeholder={span(defaults.deadline_seconds)}
        />
        <NumberField
          field="retries"
          label={trans.__('Retries')}
          hint={trans.__('How often it starts again after it failed.')}
          placeholder="0"
        />
        <DurationField
          field="ttl_seconds"
          label={trans.__('Keep the log')}
          hint={trans.__('How long after the end.')}
          placeholder={span(defaults.ttl_seconds)}
        />
      </div>
      <CheckField
        field="preemptible"
        label={trans.__('Preemptible')}
        hint={trans.__(
          'It waits behind jobs that are not, and may be stopped for one of them; then it starts anew.'
        )}
      />
    </section>
  );
}
