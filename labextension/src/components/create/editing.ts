import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Browse } from '../../browse';
import type { Catalog, InstanceType, Usage } from '../../api/types';
import { bounds, typesOf, type IBound } from '../../model/fit';
import type { SpecForm } from '../../model/spec';
import type { INotebook } from '../../model/tagged';

/** What all parts of the form share. */
export interface IEditing {
  form: SpecForm;
  catalog: Catalog;
  usage: Usage | null;
  notebook: INotebook;
  trans: TranslationBundle;
  /** Look for a file or folder; null where there is no dialog for it. */
  browse: Browse | null;
}

export const Editing = React.createContext<IEditing | null>(null);

export function useEditing(): IEditing {
  const editing = React.useContext(Editing);
  if (!editing) {
    throw new Error('this is no part of a form');
  }
  return editing;
}

/** The group that the job goes to, what it may use there, and what bounds it. */
export function usePlace(): {
  group: string | undefined;
  types: InstanceType[];
  all: IBound[];
} {
  const { form, catalog, usage, trans } = useEditing();
  const group = form.draft.group ?? catalog.defaults.group ?? undefined;
  return {
    group,
    types: typesOf(group, catalog),
    all: bounds(group, catalog, usage, trans)
  };
}

/**
 * A value as text: what was typed, for as long as it says the value.
 *
 * @param parse - What a text says; undefined if it says nothing.
 */
export function useText(
  value: unknown,
  format: (value: any) => string,
  parse: (text: string) => unknown,
  change: (value: unknown) => void
): { value: string; onChange: React.ChangeEventHandler<any> } {
  const write = (one: unknown) =>
    one === undefined || one === null ? '' : format(one);
  const [typed, setTyped] = React.useState(() => write(value));
  const says = JSON.stringify(parse(typed)) === JSON.stringify(value);
  return {
    value: says ? typed : write(value),
    onChange: event => {
      setTyped(event.target.value);
      change(parse(event.target.value));
    }
  };
}
