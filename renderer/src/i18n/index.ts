import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

/** Languages that the interface speaks: code -> its own name. */
export const LANGUAGES: Readonly<Record<string, string>> = { en: 'English' };

declare module 'i18next' {
  interface CustomTypeOptions {
    readonly resources: { readonly translation: typeof en };
  }
}

/** Called once before anything is drawn. */
export async function startTexts(): Promise<void> {
  await i18n.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    // React escapes by itself.
    interpolation: { escapeValue: false },
  });
}
