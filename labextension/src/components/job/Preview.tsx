import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Api, ApiError } from '../../api/http';
import type { Artifact } from '../../api/types';
import { bytes, unmasked } from '../../words';
import { Unread } from '../Unread';

const IMAGES: Record<string, string | undefined> = {
  '.apng': 'image/apng',
  '.avif': 'image/avif',
  '.bmp': 'image/bmp',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp'
};
const MOST_TEXT = 256 * 1024; // bytes of a text that are shown
const MOST_IMAGE = 20 * 1024 * 1024; // of an image

interface IProps {
  api: Api;
  id: string;
  item: Artifact;
  attempt: number;
  trans: TranslationBundle;
}

type Content = { image: string } | { text: string } | { binary: true };

/** The beginning of a text, or a picture. */
export function Preview(props: IProps): JSX.Element {
  const { item, trans } = props;
  const { content, error, again } = useContent(props);
  const [broken, setBroken] = React.useState(false);
  const name = unmasked(item.path);
  React.useEffect(() => setBroken(false), [content]);
  if (!content) {
    return <Unread told={{ error, refresh: again }} trans={trans} />;
  }
  if ('binary' in content || broken) {
    return <p>{trans.__('This can’t be shown here: download it.')}</p>;
  }
  if ('image' in content) {
    return (
      <img
        className="jp-Jobsub-image"
        src={content.image}
        alt={name}
        onError={() => setBroken(true)}
      />
    );
  }
  return (
    <>
      <pre className="jp-Jobsub-code" aria-label={name} tabIndex={0}>
        {content.text}
      </pre>
      {item.size > MOST_TEXT && (
        <p>
          {trans.__(
            'These are the first %1: download it for the rest.',
            bytes(MOST_TEXT)
          )}
        </p>
      )}
    </>
  );
}

function useContent({ api, id, item, attempt }: IProps): {
  content: Content | null;
  error: ApiError | null;
  again(): void;
} {
  const { path, size } = item;
  const [content, setContent] = React.useState<Content | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const [tries, again] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    let url: string | undefined;
    let wanted = true;
    const read = async () => {
      const found = await contentOf(path, size, most =>
        api.artifact(id, path, attempt, most)
      );
      url = 'image' in found ? found.image : undefined;
      wanted ? setContent(found) : url && URL.revokeObjectURL(url);
    };
    setError(null);
    read().catch(reason => wanted && setError(reason));
    return () => {
      wanted = false;
      url && URL.revokeObjectURL(url);
    };
  }, [api, id, path, size, attempt, tries]);
  return { content, error, again };
}

/** What can be shown of a file, read no further than that. */
export async function contentOf(
  path: string,
  size: number,
  read: (most: number) => Promise<Uint8Array<ArrayBuffer>>
): Promise<Content> {
  if (size === 0) {
    return { text: '' };
  }
  const type = IMAGES[PathExt.extname(path).toLowerCase()];
  if (type && size > MOST_IMAGE) {
    return { binary: true };
  }
  if (type) {
    return {
      image: URL.createObjectURL(new Blob([await read(size)], { type }))
    };
  }
  const text = new TextDecoder().decode(await read(MOST_TEXT));
  return text.includes('\0') ? { binary: true } : { text };
}
