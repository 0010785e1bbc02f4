import i18n from 'i18next';
import { type CallResult, MAX_MEDIA_BYTES, type MediaInfo } from '../../../contract/index.ts';
import { isWithin } from '../canvas/frame.ts';
import { sentenceOf, tryCall } from '../state/connection.ts';
import { beginWith, change, documentNow, openPicture } from '../state/editor.ts';
import { documentFrom, restoredFrom } from '../state/request.ts';
import { notify } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { isTyping } from '../ui/typing.ts';
import { hasSettings, type Imported, offer, sayLost } from './offer.ts';
import { isFilm, openClip, openFilm } from './openclip.ts';

/** Opens a picture or clip that was chosen, dropped or pasted; what it says of its making is offered, not forced. */
async function openFile(file: File): Promise<void> {
  try {
    if (file.size === 0) return notify('error', i18n.t('open.empty', { name: file.name }));
    if (isFilm(file)) return await openFilm(file);
    if (file.size > MAX_MEDIA_BYTES) return notify('error', i18n.t('open.tooLarge', { name: file.name }));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const answer = await tryCall('import', { name: bareName(file.name), bytes });
    if (answer === undefined) return;
    const { media, imported } = answer;
    if (media?.frames !== undefined || imported?.request.segments !== undefined) return openClip(media, imported);
    if (media === null && imported === null) return notify('error', i18n.t(refusalOf(file), { name: file.name }));
    if (media !== null) openPicture('open', media);
    setView({ page: 'edit' });
    if (imported !== null) offerSettings(imported, media, file.name);
  } catch (error) {
    notify('error', sentenceOf(error));
  }
}

/** What is said of a file that is no picture and holds no settings. */
function refusalOf({ name, type }: File): 'open.svg' | 'open.heic' | 'open.nothing' {
  if (type === 'image/svg+xml' || /\.svgz?$/i.test(name)) return 'open.svg';
  return /^image\/hei[cf]$/.test(type) || /\.hei[cf]$/i.test(name) ? 'open.heic' : 'open.nothing';
}

/** Settings that came with a picture are a choice; alone they are what the user wants. What of them is lost stays readable. */
function offerSettings(imported: Imported, media: MediaInfo | null, name: string): void {
  const { tool, request, notes } = imported;
  const { size } = request;
  // With a region the size is that of the region at work.
  const isOther =
    size !== undefined && request.region === undefined && (size.width !== media?.width || size.height !== media.height);
  const lost = [...notes, ...(isOther ? [i18n.t('open.sizeLeft', size)] : [])];
  const restore = () =>
    change('restore', {
      ...restoredFrom(request, documentNow()),
      ...(leavesPicture(request.region) && { region: null }),
      ...(request.seed !== undefined && { isSeedLocked: true }),
    });
  if (media !== null) offer(imported, lost, restore);
  else if (hasSettings(imported)) {
    restore();
    notify('info', i18n.t('open.restored', { name, tool }), undefined, lost);
  } else sayLost(lost);
}

/** Whether a region is of a larger picture than the one that is open. */
function leavesPicture(region: Imported['request']['region']): boolean {
  const { source } = documentNow();
  return typeof region === 'object' && (source === null || !isWithin(region, source));
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
    const { items, files } = event.dataTransfer ?? {};
    const [file] = files ?? [];
    if (file === undefined) return;
    event.preventDefault();
    // A folder comes as a file that cannot be read.
    const folder = [...(items ?? [])].map((item) => item.webkitGetAsEntry()).find((entry) => entry?.isDirectory);
    if (folder) return notify('error', i18n.t('open.folder', { name: folder.name }));
    void openFile(file);
    if ((files?.length ?? 0) > 1) notify('info', i18n.t('open.oneOfMany', { name: file.name }));
  };
  const paste = (event: ClipboardEvent) => {
    const { clipboardData } = event;
    const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file === undefined || event.defaultPrevented) return;
    // Cells and texts of office programs come with a picture of themselves: who has the focus gets the text.
    if (isTyping(event.target) && clipboardData?.types.includes('text/plain')) return;
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
