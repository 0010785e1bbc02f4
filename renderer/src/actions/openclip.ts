import i18n from 'i18next';
import type { MediaInfo } from '../../../contract/index.ts';
import { call, tryCall } from '../state/connection.ts';
import { documentNow } from '../state/editor.ts';
import { notify, useSession } from '../state/session.ts';
import { changeVideo, editClip } from '../state/video.ts';
import { videoFrom, videoModelOf } from '../state/videorequest.ts';
import { setView } from '../state/view.ts';
import { type Imported, offer, sayLost } from './offer.ts';

/** So many frames of a film are taken: enough to choose from, and a second or so to send. */
const MAX_FRAMES = 600;
const FILM_NAME = /\.(mp4|m4v|mov|webm|mkv)$/i;

export const isFilm = ({ type, name }: File): boolean => type.startsWith('video/') || FILM_NAME.test(name);

/** Reads a film by this window's own decoders, at the size and rate of the model, and says what was taken. Throws Error with a sentence. */
export async function openFilm(file: File): Promise<void> {
  // Loaded when it is first needed: it is larger than the rest of the editor.
  const { readFilm } = await import('../video/readfilm.ts');
  const model = videoModelOf(documentNow().video, useSession.getState().models);
  const { frames, fps, whole, tags } = await readFilm(file, {
    fit: model?.defaults?.size ?? { width: 720, height: 480 },
    fps: model?.clip?.fps ?? 8,
    frames: MAX_FRAMES,
  });
  const name = `${file.name.replace(FILM_NAME, '').replaceAll(/[\\/]/g, '_').slice(-200) || 'clip'}.webp`;
  const media = await call('media.putFrames', { name, frames: [...frames], fps });
  const imported = tags === undefined ? null : await importedFrom(tags);
  openClip(media, imported);
  notify(
    'info',
    i18n.t('open.film', {
      name: file.name,
      width: whole.width,
      height: whole.height,
      fps: Math.round(whole.fps * 10) / 10,
      seconds: whole.seconds.toFixed(1),
      takenWidth: media.width,
      takenHeight: media.height,
      takenFps: Math.round(fps * 10) / 10,
      frames: frames.length,
    }),
  );
}

/** Takes a clip to edit, and offers the settings that it was made with; settings alone are taken at once. */
export function openClip(media: MediaInfo | null, imported: Imported | null): void {
  setView({ page: 'video' });
  const restore = () => imported && changeVideo('restore', videoFrom(imported.request));
  const request = imported?.request;
  if (media === null) {
    restore();
    sayLost(imported?.notes ?? []);
  } else {
    editClip(media, request?.segments?.[0]?.prompt ?? request?.prompt ?? '');
    if (imported !== null) offer(imported, imported.notes, restore);
  }
}

/** What the tags of a film say of its making, read as a file of settings is. */
async function importedFrom(filmTags: Readonly<Record<string, string>>): Promise<Imported | null> {
  const bytes = new TextEncoder().encode(JSON.stringify({ filmTags }));
  const answer = await tryCall('import', { name: 'film.json', bytes });
  return answer?.imported ?? null;
}
