import i18n from 'i18next';

/** Why a socket at this address did not open: a page is told no status of a socket, but of a request to the same place. */
export async function whyNoSocket(url: URL): Promise<string> {
  const status = await fetch(url, { cache: 'no-store' }).then(
    (answer) => answer.status,
    () => undefined,
  );
  switch (status) {
    case 401:
      return i18n.t('app.link.notLetIn');
    case 426:
      return i18n.t('app.link.noUpgrade');
    case 503:
      return i18n.t('app.link.tooMany');
    default:
      return i18n.t('app.link.noAnswer');
  }
}
