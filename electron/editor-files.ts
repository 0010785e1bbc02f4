import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ORIGIN } from './guards.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing is loaded from anywhere else. Styles in the page are CodeMirror's and Radix's own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Answers the editor's requests from a list of its files that was read once: no path of a request ever meets the file system.
 * Rejects where the folder cannot be read.
 */
export async function editorFiles(folder: string): Promise<(request: { readonly url: string }) => Response> {
  const files = new Map<string, { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length).replaceAll('\\', '/');
    files.set(name, { type, bytes: new Uint8Array(await readFile(path)) });
  }
  return ({ url }) => {
    const { protocol, host, pathname } = URL.parse(url) ?? {};
    const isOwn = `${protocol}//${host}` === ORIGIN;
    const file = isOwn && pathname !== undefined ? files.get(pathname === '/' ? '/index.html' : pathname) : undefined;
    if (file === undefined) return new Response('There is nothing here.', { status: 404 });
    return new Response(file.bytes, {
      headers: {
        'Content-Type': file.type,
        'Content-Security-Policy': POLICY,
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Opener-Policy': 'same-origin',
      },
    });
  };
}
