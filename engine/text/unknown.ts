import type { Vocabulary } from '../../contract/index.ts';
import { nearest } from '../base/spelling.ts';
import { isSpoken, type PromptWord } from './prompt.ts';
import { spellingsOf } from './spellings.ts';

/** A stretch of a prompt that a model does not know, and what to say for it. */
export interface UnknownPhrase {
  /** As it was typed, with single spaces. */
  readonly text: string;
  /** The known word for it; absent when nothing comes near. */
  readonly instead?: string;
  /** Whether `instead` only looks alike: a guess that it was mistyped. */
  readonly isGuess?: true;
}

/**
 * The unknown words of a prompt, each once. With a vocabulary each is told with the known word it most likely means: by the longest
 * synonym around it (`on the beach`), by its singular or plural, as the noun of a place (`in the meadow` where `on a meadow` is a
 * synonym), or by the nearest spelling.
 */
export function unknownPhrases(
  words: readonly PromptWord[],
  unknown: readonly PromptWord[],
  vocabulary: Vocabulary | undefined,
): readonly UnknownPhrase[] {
  const starts = new Set(unknown.map(({ start }) => start));
  const known = vocabulary === undefined ? undefined : new Matcher(words, spellingsOf(vocabulary));
  const found = new Map<string, UnknownPhrase>();
  let from = 0;
  for (const [at, word] of words.entries()) {
    if (at < from || !starts.has(word.start)) continue;
    const { start, end, ...meaning } = known?.around(at, from) ?? { start: at, end: at + 1 };
    from = end;
    const text = words
      .slice(start, end)
      .map((part) => part.text)
      .join(' ');
    if (!found.has(text.toLowerCase())) found.set(text.toLowerCase(), { text, ...meaning });
  }
  return [...found.values()];
}

/** Phrases that a sentence names before it only counts the rest. */
const PHRASES_NAMED = 20;

/** `"kitten" (say "cat"), "hosue" (did you mean "house"?) and "spaceship"` */
export function namePhrases(phrases: readonly UnknownPhrase[]): string {
  const named = phrases.slice(0, PHRASES_NAMED).map(({ text, instead, isGuess }) => {
    if (instead === undefined) return `"${text}"`;
    return `"${text}" ${isGuess ? `(did you mean "${instead}"?)` : `(say "${instead}")`}`;
  });
  if (phrases.length > PHRASES_NAMED) named.push(`${phrases.length - PHRASES_NAMED} more`);
  const [last = '', ...before] = named.reverse();
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`;
}

/** Words [start, end) of the prompt. */
interface Match extends Pick<UnknownPhrase, 'instead' | 'isGuess'> {
  readonly start: number;
  readonly end: number;
}

/** Shorter words are articles and the like: `as` is no plural. */
const SHORTEST_NOUN = 3;

/** Shorter words are near to too many others: a hat is no cat. */
const SHORTEST_GUESS = 4;

/** Looks up the words of one prompt. */
class Matcher {
  readonly #words: readonly string[];
  readonly #spellings: ReadonlyMap<string, string>;
  /** Phrases of several words, as their words. */
  readonly #phrases: readonly (readonly string[])[];

  constructor(words: readonly PromptWord[], spellings: ReadonlyMap<string, string>) {
    this.#words = words.map(({ text }) => text.toLowerCase());
    this.#spellings = spellings;
    this.#phrases = [...spellings.keys()].map((spelling) => spelling.split(' ')).filter(({ length }) => length > 1);
  }

  /** What the unknown word at `at` means, together with its neighbours from `from` on where they belong to it. */
  around(at: number, from: number): Match {
    const word = this.#words[at] ?? '';
    const alone = { start: at, end: at + 1 };
    const phrase = this.#phraseAround(at, from);
    if (phrase !== undefined) return phrase;
    const same = this.#spellings.get(word) ?? this.#otherNumber(word);
    if (same !== undefined) return { ...alone, instead: same };
    const place = this.#placeEndingAt(at, from);
    if (place !== undefined) return place;
    const guess = this.#alike(word);
    return guess === undefined ? alone : { ...alone, instead: guess, isGuess: true };
  }

  #phraseAround(at: number, from: number): Match | undefined {
    const longest = Math.max(0, ...this.#phrases.map(({ length }) => length));
    for (let length = longest; length > 1; length--)
      for (let start = Math.max(from, at - length + 1); start <= at; start++) {
        const instead = this.#spellings.get(this.#words.slice(start, start + length).join(' '));
        if (instead !== undefined && start + length <= this.#words.length)
          return { start, end: start + length, instead };
      }
    return undefined;
  }

  #otherNumber(word: string): string | undefined {
    const nouns = [...this.#spellings].filter(([spelling]) => spelling.length >= SHORTEST_NOUN);
    return nouns.find(([noun]) => pluralsOf(noun).includes(word) || pluralsOf(word).includes(noun))?.[1];
  }

  /** A phrase's last word behind other small words than were thought of, where it is not part of a longer name (`in a dark forest`). */
  #placeEndingAt(at: number, from: number): Match | undefined {
    const phrase = this.#phrases.find((words) => words.at(-1) === this.#words[at]);
    const instead = phrase && this.#spellings.get(phrase.join(' '));
    const openers = new Set(this.#phrases.map(([first]) => first));
    const small = new Set(this.#phrases.flatMap((words) => words.slice(0, -1)));
    const next = this.#words[at + 1];
    if (instead === undefined || (next !== undefined && isSpoken(next) && !openers.has(next))) return undefined;
    for (let start = at - 1; start >= from && small.has(this.#words[start] ?? ''); start--)
      if (openers.has(this.#words[start])) return { start, end: at + 1, instead };
    return undefined;
  }

  /** A word of the same first letter, where people rarely mistype. */
  #alike(word: string): string | undefined {
    const candidates = [...this.#spellings.keys()].filter(
      (spelling) => spelling.length >= SHORTEST_GUESS && spelling[0] === word[0] && !spelling.includes(' '),
    );
    const guess = nearest(word, candidates);
    if (guess !== undefined) return this.#spellings.get(guess);
    // A beginning of several spellings is clear where all of them mean one thing: umbr is umbrella and umbrellas.
    const begun = candidates.filter((spelling) => word.length >= SHORTEST_NOUN && spelling.startsWith(word));
    const [meant, ...others] = new Set(begun.map((spelling) => this.#spellings.get(spelling)));
    return others.length === 0 ? meant : undefined;
  }
}

function pluralsOf(word: string): readonly string[] {
  return [`${word}s`, `${word}es`, word.replace(/y$/, 'ies')].filter((plural) => plural !== word);
}
