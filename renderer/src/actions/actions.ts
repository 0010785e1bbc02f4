import { tryCall } from '../state/connection.ts';
import { redo, show, undo, useEditor } from '../state/editor.ts';
import { exportableOf } from '../state/exportable.ts';
import { offered } from '../state/offered.ts';
import { continueFrom, randomSeed, runAgain, submitRun, submitVariations } from '../state/runs.ts';
import { forgetRun, useSession } from '../state/session.ts';
import { submitVideo } from '../state/video.ts';
import { type Page, setView, type Tool, useView, type View } from '../state/view.ts';
import { isApple } from '../ui/platform.ts';
import { choosePicture } from './open.ts';

/** What the canvas can be told; set while one is on screen. */
export interface CanvasHandle {
  fit(): void;
  zoomTo(zoom: number): void;
  /** Changes the whole mask. */
  maskCommand(command: 'invert' | 'clear' | 'all' | 'grow' | 'shrink' | 'feather'): void;
  /** Ends an unfinished stroke or figure. */
  escape(): void;
}

let canvas: CanvasHandle | undefined;
export function setCanvasHandle(handle: CanvasHandle | undefined): void {
  canvas = handle;
}

export type ActionGroup = 'run' | 'picture' | 'mask' | 'view' | 'history' | 'app';

/** A thing that can be done: buttons, keys and the list of keys are drawn from it. */
export interface Action {
  readonly id: string;
  readonly group: ActionGroup;
  /** As `chordOf` reads them. The first is the one that is shown. */
  readonly keys: readonly string[];
  /** Whether it acts while text is being typed. Keys without Ctrl, Cmd or Alt never do. */
  readonly inText?: boolean;
  /** Pages on which its keys act; absent: on all. */
  readonly pages?: readonly Page[];
  /** Whether its keys act only where nothing but the canvas has the focus: they mean something else on a button. */
  readonly onCanvas?: boolean;
  /** Whether it goes on while its keys are held. */
  readonly repeats?: boolean;
  run(): void;
}

/** Pages that start runs and have the document's undo. */
const WITH_RUNS: readonly Page[] = ['edit', 'video'];

const tool = (id: Tool, key: string): Action => ({
  id: `tool.${id}`,
  group: 'mask',
  keys: [key],
  pages: ['edit'],
  run: () => setView({ tool: id }),
});

const shownEntry = () => exportableOf(useEditor.getState().document, useSession.getState().history);

const brush = (change: (view: View) => Partial<View>) => () => setView(change(useView.getState()));

const cycleCompare = () => {
  const modes = ['off', 'slider', 'difference'] as const;
  const { compare } = useView.getState();
  setView({ compare: modes[(modes.indexOf(compare as 'off') + 1) % modes.length] ?? 'off' });
};

export const cancelRun = (): void => {
  const running = useSession.getState().queue.jobs.find(({ state }) => state === 'running');
  if (running === undefined) return;
  // What the user sees stops now; the engine follows.
  forgetRun(running.job);
  void tryCall('jobs.cancel', { job: running.job });
};

export const togglePause = (): void => {
  const { isPaused } = useSession.getState().queue;
  void tryCall(isPaused ? 'queue.resume' : 'queue.pause', {});
};

/** Goes on from the result that lies over the picture: it becomes the picture, its prompt what that shows, and the mask is gone. */
export const accept = (): void => {
  const entry = offered();
  if (entry !== undefined) continueFrom(entry);
};

/** Takes the result off the picture; it stays in the history. */
export const discard = (): void => {
  if (offered() === undefined) return;
  show({ shown: null });
  setView({ compare: 'off' });
};

/** Makes another one with another seed. */
export const again = (): void => {
  if (offered() !== undefined) void submitRun({ seed: randomSeed() });
};

export const ACTIONS: readonly Action[] = [
  {
    id: 'run',
    group: 'run',
    keys: ['$mod+Enter'],
    inText: true,
    pages: WITH_RUNS,
    run: () => void (useView.getState().page === 'video' ? submitVideo() : submitRun()),
  },
  {
    id: 'runFirst',
    group: 'run',
    keys: ['$mod+Shift+Enter'],
    inText: true,
    pages: ['edit'],
    run: () => void submitRun({ isFirst: true }),
  },
  { id: 'cancel', group: 'run', keys: ['$mod+Alt+Enter', 'Shift+X'], inText: true, run: cancelRun },
  { id: 'pause', group: 'run', keys: ['Shift+P'], run: togglePause },
  { id: 'variations', group: 'run', keys: ['Shift+V'], pages: ['edit'], run: () => void submitVariations() },
  { id: 'open', group: 'picture', keys: ['$mod+O'], inText: true, run: () => void choosePicture() },
  {
    id: 'export',
    group: 'picture',
    keys: ['$mod+S'],
    inText: true,
    pages: ['edit'],
    run: () => shownEntry() && setView({ dialog: 'export' }),
  },
  {
    id: 'undo',
    group: 'picture',
    keys: ['$mod+Z'],
    inText: true,
    pages: WITH_RUNS,
    repeats: true,
    run: () => void undo(),
  },
  {
    id: 'redo',
    group: 'picture',
    keys: ['$mod+Shift+Z', '$mod+Y'],
    inText: true,
    pages: WITH_RUNS,
    repeats: true,
    run: () => void redo(),
  },
  tool('brush', 'B'),
  tool('eraser', 'E'),
  tool('lasso', 'L'),
  tool('rectangle', 'U'),
  tool('word', 'W'),
  tool('region', 'R'),
  tool('hand', 'H'),
  {
    id: 'swapPaint',
    group: 'mask',
    keys: ['X'],
    pages: ['edit'],
    run: brush(({ tool: now }) => ({ tool: now === 'brush' ? 'eraser' : 'brush' })),
  },
  {
    id: 'smaller',
    group: 'mask',
    keys: ['['],
    pages: ['edit'],
    repeats: true,
    run: brush(({ brushSize }) => ({ brushSize: Math.max(1, Math.round(brushSize / 1.2)) })),
  },
  {
    id: 'larger',
    group: 'mask',
    keys: [']'],
    pages: ['edit'],
    repeats: true,
    run: brush(({ brushSize }) => ({
      brushSize: Math.min(1000, Math.max(brushSize + 1, Math.round(brushSize * 1.2))),
    })),
  },
  {
    id: 'harder',
    group: 'mask',
    keys: ['{'],
    pages: ['edit'],
    repeats: true,
    run: brush(({ brushFeather }) => ({ brushFeather: Math.max(0, Math.round((brushFeather - 0.1) * 10) / 10) })),
  },
  {
    id: 'softer',
    group: 'mask',
    keys: ['}'],
    pages: ['edit'],
    repeats: true,
    run: brush(({ brushFeather }) => ({ brushFeather: Math.min(1, Math.round((brushFeather + 0.1) * 10) / 10) })),
  },
  { id: 'invert', group: 'mask', keys: ['$mod+Shift+I'], pages: ['edit'], run: () => canvas?.maskCommand('invert') },
  { id: 'selectAll', group: 'mask', keys: ['$mod+A'], pages: ['edit'], run: () => canvas?.maskCommand('all') },
  { id: 'deselect', group: 'mask', keys: ['$mod+D'], pages: ['edit'], run: () => canvas?.maskCommand('clear') },
  { id: 'grow', group: 'mask', keys: ['Shift+G'], pages: ['edit'], run: () => canvas?.maskCommand('grow') },
  { id: 'shrink', group: 'mask', keys: ['Shift+S'], pages: ['edit'], run: () => canvas?.maskCommand('shrink') },
  { id: 'feather', group: 'mask', keys: ['Shift+F'], pages: ['edit'], run: () => canvas?.maskCommand('feather') },
  { id: 'fit', group: 'view', keys: ['$mod+0'], inText: true, pages: ['edit'], run: () => canvas?.fit() },
  { id: 'zoom100', group: 'view', keys: ['$mod+1'], inText: true, pages: ['edit'], run: () => canvas?.zoomTo(1) },
  { id: 'zoom200', group: 'view', keys: ['$mod+2'], inText: true, pages: ['edit'], run: () => canvas?.zoomTo(2) },
  {
    id: 'showMask',
    group: 'view',
    keys: ['Q'],
    pages: ['edit'],
    run: () => setView(({ layers }) => ({ layers: { ...layers, mask: !layers.mask } })),
  },
  {
    id: 'liveMaps',
    group: 'view',
    keys: ['M'],
    pages: ['edit'],
    run: () => setView(({ hasLiveMaps }) => ({ hasLiveMaps: !hasLiveMaps })),
  },
  { id: 'compare', group: 'view', keys: ['C'], pages: ['edit'], run: cycleCompare },
  { id: 'accept', group: 'history', keys: ['Enter'], pages: ['edit'], onCanvas: true, run: accept },
  { id: 'discard', group: 'history', keys: ['Escape'], pages: ['edit'], onCanvas: true, run: discard },
  { id: 'again', group: 'history', keys: ['A'], pages: ['edit'], run: again },
  {
    id: 'redoRun',
    group: 'history',
    keys: ['Shift+R'],
    pages: ['edit'],
    run: () => {
      const entry = shownEntry();
      if (entry !== undefined) void runAgain(entry);
    },
  },
  {
    id: 'continue',
    group: 'history',
    keys: ['Shift+C'],
    pages: ['edit'],
    run: () => {
      const entry = shownEntry();
      if (entry !== undefined) continueFrom(entry);
    },
  },
  { id: 'settings', group: 'app', keys: ['$mod+,'], inText: true, run: () => setView({ page: 'settings' }) },
  { id: 'keys', group: 'app', keys: ['?'], run: () => setView({ dialog: 'keys' }) },
];

/** The keys of an action as a person reads them. */
export function keysText(id: string): string | undefined {
  const [keys] = ACTIONS.find((action) => action.id === id)?.keys ?? [];
  return keys === undefined ? undefined : readable(keys);
}

const NAMES: Readonly<Record<string, string>> = {
  $mod: isApple ? '⌘' : 'Ctrl',
  Shift: isApple ? '⇧' : 'Shift',
  Alt: isApple ? '⌥' : 'Alt',
  Enter: 'Enter',
  Escape: 'Esc',
};

export function readable(keys: string): string {
  const parts = keys.split('+').map((part) => NAMES[part] ?? part);
  return parts.join(isApple ? '' : '+');
}
