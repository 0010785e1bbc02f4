import i18n from 'i18next';
import { type CallResult, MAX_MEDIA_BYTES } from '../../../contract/index.ts';
import { sentenceOf, tryCall } from '../state/connection.ts';
import { beginWith, change, openPicture } from '../state/editor.ts';
import { documentFrom } from '../state/request.ts';
import { notify } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { isFilm, openClip, openFilm } from './openclip.ts';

/** Opens a picture or clip that was chosen, dropped or pasted; what it says of its making is offered, not forced. */
async function openFile(file: File): Promise<void> {
  try {
    if (isFilm(file)) return await openFilm(file);
    if (file.size > MAX_MEDIA_BYTES) return notify('error', i18n.t('open.tooLarge', { name: file.name }));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const answer = await tryCall('import', { name: bareName(file.name), bytes });
    if (answer === undefined) return;
    const { media, imported } = answer;
    if (media?.frames !== undefined || imported?.request.segments !== undefined) return openClip(media, imported);
    if (media !== null) openPicture('open', media);
    if (media === null && imported === null) return notify('error', i18n.t('open.nothing', { name: file.name }));
    setView({ page: 'edit' });
    if (imported === null) return;
    const settings = documentFrom(imported.request);
    for (const note of imported.notes) notify('info', note);
    if (Object.keys(settings).length === 0) return;
    const restore = () => change('restore', { ...settings, isSeedLocked: true });
    // Settings alone were dropped: that is what the user wants. With a picture they are a choice.
    if (media === null) restore();
    else
      notify('info', i18n.t('open.hasSettings', { tool: imported.tool }), {
        label: i18n.t('open.restore'),
        run: restore,
      });
  } catch (error) {
    notify('error', sentenceOf(error));
  }
}

/** Asks for a picture with the system's own dialog. */
export async function choosePicture(): Promise<void> {
  const [file] = await chooseFiles('image/png,image/jpeg,image/webp,image/avif,image/gif,image/tiff,.json', false);
  if (file !== undefined) await openFile(file);
}

/** Asks for a clip to edit. */
export async function chooseClip(): Promise<void> {
  const [file] = await chooseFiles(
    'video/mp4,video/webm,video/quicktime,video/x-matroska,.mkv,image/webp,image/gif',
    false,
  );
  if (file === undefined) return;
  const { page } = useView.getState();
  await openFile(file);
  // A still picture has gone to its own page.
  if (useView.getState().page !== page) notify('info', i18n.t('open.still', { name: file.name }));
}

/** Asks for files with the system's own dialog; none where it was closed. */
export function chooseFiles(accept: string, multiple = true): Promise<readonly File[]> {
  return new Promise((done) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = accept;
    input.multiple = multiple;
    input.addEventListener('change', () => done([...(input.files ?? [])]));
    input.addEventListener('cancel', () => done([]));
    input.click();
  });
}

/** Takes what is dropped or pasted anywhere; returns the function that ends it. */
export function takeFiles(onDrag: (isOver: boolean) => void): () => void {
  const over = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    onDrag(true);
  };
  const leave = (event: DragEvent) => event.relatedTarget === null && onDrag(false);
  const drop = (event: DragEvent) => {
    onDrag(false);
    const [file] = event.dataTransfer?.files ?? [];
    if (file === undefined) return;
    event.preventDefault();
    void openFile(file);
  };
  const paste = (event: ClipboardEvent) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file === undefined) return;
    event.preventDefault();
    void openFile(file);
  };
  window.addEventListener('dragover', over);
  window.addEventListener('dragleave', leave);
  window.addEventListener('drop', drop);
  window.addEventListener('paste', paste);
  return () => {
    window.removeEventListener('dragover', over);
    window.removeEventListener('dragleave', leave);
    window.removeEventListener('drop', drop);
    window.removeEventListener('paste', paste);
  };
}

/** The sample picture with its prompts, as an empty editor offers it. */
export function openSample({ source, request }: CallResult<'hello'>['sample']): void {
  beginWith(source, documentFrom(request));
}

const bareName = (name: string) => name.replaceAll(/[\\/]/g, '_').slice(-255) || 'picture';
