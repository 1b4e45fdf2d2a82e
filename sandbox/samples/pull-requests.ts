/** Which bundles make up the samples: `<name>/base.txt` and one `<name>/<branch>.txt` per pull request. */
export const sampleRepositories = [
  { owner: 'cupel-samples', name: 'shop', branches: ['order-search', 'voucher', 'move-discount'] },
  { owner: 'cupel-samples', name: 'ledger', branches: ['reports', 'search', 'decimals'] },
  { owner: 'cupel-samples', name: 'gateway', branches: ['sessions', 'limits'] },
  { owner: 'cupel-samples', name: 'depot', branches: ['scanner', 'site'] },
] as const
