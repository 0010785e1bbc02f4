/** What reading a text costs: how often a character of it is looked at, which a clock under load cannot tell. */
function looksAt(text: string, read: (text: string) => unknown): number {
  let count = 0;
  const counted = new Proxy(new String(text), {
    get(target, key) {
      count++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  // A String object is read as a text is.
  read(counted as unknown as string);
  return count;
}

/** How many times more a text of ten times the length costs: about 10 where the reading is linear, 100 where it is quadratic. */
export function growth(sign: string, read: (text: string) => unknown): number {
  const cost = (size: number) => looksAt(sign.repeat(Math.ceil(size / sign.length)), read);
  return cost(4_000) / cost(400);
}
