/** What the process under watch has answered. */
export type Told =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'entry'; readonly number: number }
  | { readonly kind: 'job' | 'done'; readonly job: string }
  | { readonly kind: 'picture'; readonly sha256: string }
  | { readonly kind: 'settings'; readonly round: number }
  | { readonly kind: 'file'; readonly file: string };
