import { filmTags, importMetadata, pictureFormat } from '../../engine/index.ts';
import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';
import { exportName, exportResult } from '../export.ts';
import { exportVideo } from '../exportvideo.ts';
import { saveExport } from '../save.ts';

type Names =
  | 'media.put'
  | 'media.putPixels'
  | 'media.putFrames'
  | 'media.info'
  | 'media.get'
  | 'import'
  | 'select'
  | 'history.list'
  | 'history.remove'
  | 'history.restore'
  | 'export'
  | 'export.video'
  | 'export.name'
  | 'export.tags'
  | 'export.save'
  | 'export.saveFile';

/** Calls about pictures: those that come in, and results that go out. */
export function mediaCalls({ media, history, supervisor, models, emit, takeGrant }: Context): Pick<Handlers, Names> {
  return {
    'media.put': ({ name, bytes }) => media.put(name, bytes),
    'media.putPixels': ({ name, pixels }) => media.putPixels(name, pixels),
    'media.putFrames': ({ name, frames, fps }) => media.putFrames(name, { frames, fps }),
    'media.info': ({ ref }) => media.info(ref, 'ref'),
    'media.get': ({ sha256, side }) => media.get(sha256, side),
    async import({ name, bytes }) {
      const stored = await media.put(name, bytes).catch((error: unknown) => {
        // A picture that is refused is told of; a file that is none may still say something.
        if (pictureFormat(bytes) !== undefined) throw error;
        return null;
      });
      return { media: stored, imported: importMetadata(bytes, name) ?? null };
    },
    async select({ checkpoint, source, word, region, prompt }) {
      const { ref } = media.info(source, 'source');
      return supervisor.select({
        checkpoint: models.entry(checkpoint).ref,
        source: media.pathOf(ref.sha256),
        word,
        ...(region && { region }),
        ...(prompt === undefined ? {} : { prompt }),
      });
    },
    'history.list': ({ limit, before }) => ({ entries: [...history.list(limit, before)] }),
    'history.remove'({ id }) {
      history.remove(id);
      emit({ kind: 'removed', id });
      return {};
    },
    'history.restore'({ id }) {
      emit({ kind: 'restored', entry: history.restore(id) });
      return {};
    },
    export: ({ id, options }) => exportResult(history.get(id), options, media),
    'export.video': ({ id, ...options }) => exportVideo(history.get(id), options, media),
    'export.name': ({ id, options }) => ({ name: exportName(history.get(id), options) }),
    'export.tags': ({ id }) => filmTags(history.get(id).record),
    'export.saveFile': ({ name, bytes, grant }) =>
      saveExport({ name, type: 'application/octet-stream', bytes, notices: [] }, takeGrant(grant)),
    async 'export.save'({ id, options, grant }) {
      const exported = await exportResult(history.get(id), options, media);
      return saveExport(exported, takeGrant(grant));
    },
  };
}
