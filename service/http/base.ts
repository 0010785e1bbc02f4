import { AttuneError } from '../../engine/index.ts';

/**
 * A path that a proxy puts before every address, as `/attune`; empty for none. Throws 'request-invalid' for what is no path.
 */
export function baseOf(text: string): string {
  const base = text.replace(/\/$/, '');
  if (base === '' || /^(\/[\w.~-]+)+$/.test(base)) return base;
  throw new AttuneError(
    'request-invalid',
    `"${text}" is no path to serve below; give one such as /attune, of letters, digits and - . _ ~ between slashes.`,
    { field: 'base' },
  );
}

/**
 * The address of a request without the base, whether the proxy left it there or took it off; `beside` is where the page is when
 * the slash at its end is missing, without which a browser would look for the page's files one folder too high.
 */
export function belowBase(url: string, base: string): { readonly url: string } | { readonly beside: string } {
  if (base === '') return { url };
  const [path = '', query] = url.split('?', 2);
  const rest = query === undefined ? '' : `?${query}`;
  if (path === base) return { beside: `${base.slice(base.lastIndexOf('/') + 1)}/${rest}` };
  return { url: path.startsWith(`${base}/`) ? url.slice(base.length) : url };
}
