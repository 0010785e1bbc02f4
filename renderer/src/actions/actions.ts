import { tryCall } from '../state/connection.ts';
import { redo, undo, useEditor } from '../state/editor.ts';
import { continueFrom, runAgain, submitRun, submitVariations } from '../state/runs.ts';
import { forgetRun, useSession } from '../state/session.ts';
import { setView, type Tool, useView, type View } from '../state/view.ts';
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
  /** In the notation of tinykeys; `$mod` is Ctrl, or Cmd on Apple's machines. The first is the one that is shown. */
  readonly keys: readonly string[];
  /** Whether it acts while text is being typed. Keys without a modifier never do. */
  readonly inText?: boolean;
  run(): void;
}

const tool = (id: Tool, key: string): Action => ({
  id: `tool.${id}`,
  group: 'mask',
  keys: [key],
  run: () => setView({ tool: id, page: 'edit' }),
});

const shownEntry = () => {
  const { shown } = useEditor.getState().document;
  return useSession.getState().history.find(({ id }) => id === shown);
};

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

export const ACTIONS: readonly Action[] = [
  { id: 'run', group: 'run', keys: ['$mod+Enter'], inText: true, run: () => void submitRun() },
  {
    id: 'runFirst',
    group: 'run',
    keys: ['$mod+Shift+Enter'],
    inText: true,
    run: () => void submitRun({ isFirst: true }),
  },
  { id: 'cancel', group: 'run', keys: ['$mod+Alt+Enter', 'Shift+KeyX'], inText: true, run: cancelRun },
  { id: 'pause', group: 'run', keys: ['Shift+KeyP'], run: togglePause },
  { id: 'variations', group: 'run', keys: ['Shift+KeyV'], run: () => void submitVariations() },
  { id: 'open', group: 'picture', keys: ['$mod+KeyO'], inText: true, run: () => void choosePicture() },
  {
    id: 'export',
    group: 'picture',
    keys: ['$mod+KeyS'],
    inText: true,
    run: () => shownEntry() && setView({ dialog: 'export' }),
  },
  { id: 'undo', group: 'picture', keys: ['$mod+KeyZ'], inText: true, run: () => void undo() },
  { id: 'redo', group: 'picture', keys: ['$mod+Shift+KeyZ', '$mod+KeyY'], inText: true, run: () => void redo() },
  tool('brush', 'KeyB'),
  tool('eraser', 'KeyE'),
  tool('lasso', 'KeyL'),
  tool('rectangle', 'KeyU'),
  tool('word', 'KeyW'),
  tool('hand', 'KeyH'),
  {
    id: 'swapPaint',
    group: 'mask',
    keys: ['KeyX'],
    run: brush(({ tool: now }) => ({ tool: now === 'brush' ? 'eraser' : 'brush' })),
  },
  {
    id: 'smaller',
    group: 'mask',
    keys: ['BracketLeft'],
    run: brush(({ brushSize }) => ({ brushSize: Math.max(1, Math.round(brushSize / 1.2)) })),
  },
  {
    id: 'larger',
    group: 'mask',
    keys: ['BracketRight'],
    run: brush(({ brushSize }) => ({
      brushSize: Math.min(1000, Math.max(brushSize + 1, Math.round(brushSize * 1.2))),
    })),
  },
  {
    id: 'harder',
    group: 'mask',
    keys: ['Shift+BracketLeft'],
    run: brush(({ brushFeather }) => ({ brushFeather: Math.max(0, Math.round((brushFeather - 0.1) * 10) / 10) })),
  },
  {
    id: 'softer',
    group: 'mask',
    keys: ['Shift+BracketRight'],
    run: brush(({ brushFeather }) => ({ brushFeather: Math.min(1, Math.round((brushFeather + 0.1) * 10) / 10) })),
  },
  { id: 'invert', group: 'mask', keys: ['$mod+Shift+KeyI'], run: () => canvas?.maskCommand('invert') },
  { id: 'selectAll', group: 'mask', keys: ['$mod+KeyA'], run: () => canvas?.maskCommand('all') },
  { id: 'deselect', group: 'mask', keys: ['$mod+KeyD'], run: () => canvas?.maskCommand('clear') },
  { id: 'grow', group: 'mask', keys: ['Shift+KeyG'], run: () => canvas?.maskCommand('grow') },
  { id: 'shrink', group: 'mask', keys: ['Shift+KeyS'], run: () => canvas?.maskCommand('shrink') },
  { id: 'feather', group: 'mask', keys: ['Shift+KeyF'], run: () => canvas?.maskCommand('feather') },
  { id: 'fit', group: 'view', keys: ['$mod+Digit0'], inText: true, run: () => canvas?.fit() },
  { id: 'zoom100', group: 'view', keys: ['$mod+Digit1'], inText: true, run: () => canvas?.zoomTo(1) },
  { id: 'zoom200', group: 'view', keys: ['$mod+Digit2'], inText: true, run: () => canvas?.zoomTo(2) },
  {
    id: 'liveMaps',
    group: 'view',
    keys: ['KeyM'],
    run: () => setView(({ hasLiveMaps }) => ({ hasLiveMaps: !hasLiveMaps })),
  },
  { id: 'compare', group: 'view', keys: ['KeyC'], run: cycleCompare },
  {
    id: 'redoRun',
    group: 'history',
    keys: ['Shift+KeyR'],
    run: () => {
      const entry = shownEntry();
      if (entry !== undefined) void runAgain(entry);
    },
  },
  {
    id: 'continue',
    group: 'history',
    keys: ['Shift+KeyC'],
    run: () => {
      const entry = shownEntry();
      if (entry !== undefined) continueFrom(entry);
    },
  },
  { id: 'settings', group: 'app', keys: ['$mod+Comma'], inText: true, run: () => setView({ page: 'settings' }) },
  { id: 'keys', group: 'app', keys: ['Shift+?', '?'], run: () => setView({ dialog: 'keys' }) },
];

/** The keys of an action as a person reads them. */
export function keysText(id: string): string | undefined {
  const [keys] = ACTIONS.find((action) => action.id === id)?.keys ?? [];
  return keys === undefined ? undefined : readable(keys);
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES: Readonly<Record<string, string>> = {
  $mod: isApple ? '⌘' : 'Ctrl',
  Shift: isApple ? '⇧' : 'Shift',
  Alt: isApple ? '⌥' : 'Alt',
  Enter: 'Enter',
  BracketLeft: '[',
  BracketRight: ']',
  Comma: ',',
};

export function readable(keys: string): string {
  if (keys === 'Shift+?') return '?';
  const parts = keys.split('+').map((part) => NAMES[part] ?? part.replace(/^(Key|Digit)/, ''));
  return parts.join(isApple ? '' : '+');
}
