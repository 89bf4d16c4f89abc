/** The parameters of a notebook: what its cell tagged `parameters` assigns. */

export interface IParameter {
  name: string;
  /** What the notebook says, as Python. */
  source: string;
  /** The comment behind it. */
  comment: string;
}

/** What a notebook offers. */
export interface INotebook {
  parameters: IParameter[];
  /** The kernel that it was saved with. */
  kernel: string | null;
}

const ASSIGNMENT =
  /^([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)\s*((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^#"'])*?)\s*(?:#\s*(.*))?$/;

/** Read what a notebook offers, its parameters in their order. */
export function offers(notebook: any): INotebook {
  const cells: any[] = notebook?.cells ?? [];
  const cell = cells.find(({ metadata }) =>
    metadata?.tags?.includes?.('parameters')
  );
  const source: string = [cell?.source ?? ''].flat().join('');
  return {
    parameters: source.split('\n').flatMap(line => {
      const [, name, value, comment = ''] = ASSIGNMENT.exec(line) ?? [];
      return name && value ? [{ name, source: value, comment }] : [];
    }),
    kernel: notebook?.metadata?.kernelspec?.name ?? null
  };
}

const WORDS = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null]
]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Read a value as it is typed: JSON, or a word or number of Python, else text. */
export function valueOf(text: string): unknown {
  const bare = text.trim();
  if (WORDS.has(bare)) {
    return WORDS.get(bare);
  }
  try {
    return JSON.parse(bare);
  } catch {
    return NUMBER.test(bare) ? Number(bare) : text;
  }
}

/** Write a value so that it is read back as it is. */
export function textOf(value: unknown): string {
  return typeof value === 'string' && valueOf(value) === value
    ? value
    : JSON.stringify(value);
}
