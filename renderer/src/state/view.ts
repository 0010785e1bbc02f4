import { create } from 'zustand';

export type Page = 'edit' | 'video' | 'batch' | 'models' | 'settings';
export type Tool = 'brush' | 'eraser' | 'lasso' | 'rectangle' | 'word' | 'region' | 'hand';
export type CompareMode = 'off' | 'slider' | 'hold' | 'difference';

/** What only this window knows: nothing of it is undone or kept with the document. */
export interface View {
  readonly page: Page;
  readonly tool: Tool;
  readonly brushSize: number;
  readonly brushFeather: number;
  readonly compare: CompareMode;
  /** Share of the picture left of the divider. */
  readonly comparePosition: number;
  readonly layers: { readonly source: boolean; readonly mask: boolean; readonly result: boolean };
  readonly maskOpacity: number;
  readonly resultOpacity: number;
  /** The word under the pointer, whose map lies over the canvas. */
  readonly heatWord: string | null;
  /** The word whose map stays over the canvas. */
  readonly pinnedWord: string | null;
  /** Whether a running job shows where it looks without being asked. */
  readonly hasLiveMaps: boolean;
  /** Whether the region takes the model's shapes while it is dragged. */
  readonly keepsShape: boolean;
  readonly zoom: number;
  readonly dialog: 'keys' | 'export' | 'record' | 'messages' | null;
  readonly sidePanel: 'edit' | 'queue' | 'layers';
}

export const useView = create<View>(() => ({
  page: 'edit',
  tool: 'hand',
  brushSize: 24,
  brushFeather: 0.25,
  compare: 'off',
  comparePosition: 0.5,
  layers: { source: true, mask: true, result: true },
  maskOpacity: 0.6,
  resultOpacity: 1,
  heatWord: null,
  pinnedWord: null,
  hasLiveMaps: true,
  keepsShape: true,
  zoom: 1,
  dialog: null,
  sidePanel: 'edit',
}));

export const setView = useView.setState;
