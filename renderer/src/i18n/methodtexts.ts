/** A name and one sentence. */
export interface Texts {
  readonly title: string;
  readonly summary: string;
}

/** What a user reads of a method, in one language; `params` by name, their `choices` by value. */
export interface MethodTexts extends Texts {
  readonly params?: Readonly<Record<string, Texts & { readonly choices?: Readonly<Record<string, Texts>> }>>;
}
