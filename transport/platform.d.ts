/** Globals outside ECMAScript that Node, Electron's processes and browsers all have; see `engine/platform.d.ts`. */

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare function queueMicrotask(callback: () => void): void;
