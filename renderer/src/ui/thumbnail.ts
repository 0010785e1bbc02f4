import { useEffect, useState } from 'react';
import type { MediaInfo } from '../../../contract/index.ts';
import { thumbnailOf } from '../state/media.ts';

/** The object URL of a small picture; undefined until it is there, and without one. */
export function useThumbnail(media: MediaInfo | undefined): string | undefined {
  const [made, setMade] = useState<{ readonly of: MediaInfo; readonly url: string }>();
  useEffect(() => {
    if (media === undefined) return;
    let isLate = false;
    thumbnailOf(media).then(
      (url) => !isLate && setMade({ of: media, url }),
      () => {},
    );
    return () => {
      isLate = true;
    };
  }, [media]);
  return media !== undefined && made?.of === media ? made.url : undefined;
}
