import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Call } from './trace.ts';

type Change = { readonly at: number; readonly data: Buffer } | { readonly length: number };

/** Bytes that survive for sure, and changes that may: all, some, or some in part. */
class FileNode {
  durable: Buffer = Buffer.alloc(0);
  pending: Change[] = [];

  sync(): void {
    for (const change of this.pending) this.durable = changed(this.durable, change);
    this.pending = [];
  }
}

/** Names that survive for sure, and changes that may: the first so many, since file systems write them down in order. */
class FolderNode {
  readonly names = new Map<string, FileNode | FolderNode>();
  durable = new Map<string, FileNode | FolderNode>();
  pending: { readonly name: string; readonly node: FileNode | FolderNode | undefined }[] = [];

  set(name: string, node: FileNode | FolderNode | undefined): void {
    apply(this.names, name, node);
    this.pending.push({ name, node });
  }

  sync(): void {
    for (const { name, node } of this.pending) apply(this.durable, name, node);
    this.pending = [];
  }
}

function apply<T>(names: Map<string, T>, name: string, node: T | undefined): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

function changed(bytes: Buffer, change: Change): Buffer {
  if ('length' in change) {
    const cut = Buffer.alloc(change.length);
    bytes.copy(cut);
    return cut;
  }
  const grown = Buffer.alloc(Math.max(bytes.length, change.at + change.data.length));
  bytes.copy(grown);
  change.data.copy(grown, change.at);
  return grown;
}

/** How much of what was not synced a power loss leaves. */
export type Loss = 'everything lost' | 'nothing lost' | 'some lost, some torn';

/** A disk as the standard promises it: a file's bytes survive its sync, a name the sync of its folder, nothing else does for sure. */
export class Disk {
  readonly #root: string;
  readonly #top = new FolderNode();
  readonly #open = new Map<number, { readonly node: FileNode | FolderNode; at: number }>();

  constructor(root: string) {
    this.#root = root;
  }

  apply(call: Call): void {
    switch (call.kind) {
      case 'open': {
        const place = this.#place(call.path);
        this.#open.delete(call.fd);
        if (place === undefined) return;
        let node = place.name === '' ? place.folder : place.folder.names.get(place.name);
        if (node === undefined) {
          if (!call.flags.includes('O_CREAT')) throw new Error(`${call.path} was opened and is not known`);
          node = new FileNode();
          place.folder.set(place.name, node);
        }
        if (node instanceof FileNode && call.flags.includes('O_TRUNC')) node.pending.push({ length: 0 });
        this.#open.set(call.fd, { node, at: 0 });
        return;
      }
      case 'write': {
        const open = this.#open.get(call.fd);
        if (!(open?.node instanceof FileNode)) return;
        const at = call.offset ?? open.at;
        open.node.pending.push({ at, data: call.data });
        if (call.offset === undefined) open.at += call.data.length;
        return;
      }
      case 'truncate': {
        const node = this.#open.get(call.fd)?.node;
        if (node instanceof FileNode) node.pending.push({ length: call.length });
        return;
      }
      case 'sync':
        this.#open.get(call.fd)?.node.sync();
        return;
      case 'mkdir': {
        const place = this.#place(call.path);
        place?.folder.set(place.name, new FolderNode());
        return;
      }
      case 'unlink':
      case 'rmdir': {
        const place = this.#place(call.path);
        place?.folder.set(place.name, undefined);
        return;
      }
      case 'link':
      case 'rename': {
        const [from, to] = [this.#place(call.path), this.#place(call.to)];
        if (from === undefined || to === undefined) return;
        const node = from.folder.names.get(from.name);
        if (node === undefined) throw new Error(`${call.path} is renamed and is not known`);
        to.folder.set(to.name, node);
        if (call.kind === 'rename') from.folder.set(from.name, undefined);
        return;
      }
      case 'told':
        return;
    }
  }

  /** Writes what a power loss now leaves into an empty folder. */
  leave(folder: string, loss: Loss, random: (below: number) => number): void {
    const keep = (count: number) =>
      loss === 'everything lost' ? 0 : loss === 'nothing lost' ? count : random(count + 1);
    const bytesOf = ({ durable, pending }: FileNode): Buffer => {
      if (loss === 'everything lost') return durable;
      if (loss === 'nothing lost') return pending.reduce<Buffer>(changed, durable);
      // A disk writes in any order, and a block may be written in part.
      return pending
        .filter(() => random(2) === 0)
        .reduce<Buffer>((bytes, change) => {
          if ('length' in change || random(4) > 0) return changed(bytes, change);
          return changed(bytes, { at: change.at, data: change.data.subarray(0, random(change.data.length + 1)) });
        }, durable);
    };
    const write = (node: FolderNode, at: string) => {
      mkdirSync(at, { recursive: true });
      const names = new Map(node.durable);
      for (const { name, node: known } of node.pending.slice(0, keep(node.pending.length))) apply(names, name, known);
      for (const [name, known] of names)
        if (known instanceof FolderNode) write(known, join(at, name));
        else writeFileSync(join(at, name), bytesOf(known));
    };
    write(this.#top, folder);
  }

  /** The folder and the name of a path; undefined for one that lies elsewhere. */
  #place(path: string): { readonly folder: FolderNode; readonly name: string } | undefined {
    const inside = relative(this.#root, path);
    if (inside.startsWith('..') || path[0] !== '/') return undefined;
    if (inside === '') return { folder: this.#top, name: '' };
    let folder = this.#top;
    for (const part of dirname(inside).split('/')) {
      if (part === '.') continue;
      const next = folder.names.get(part);
      if (!(next instanceof FolderNode)) return undefined;
      folder = next;
    }
    const known = folder.names.get(basename(inside));
    return known instanceof FolderNode ? { folder: known, name: '' } : { folder, name: basename(inside) };
  }
}
