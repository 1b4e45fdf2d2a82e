/** GitHub.com, or the Enterprise Server of that host (protocol https unless another is named). No slash at the end. */
export function codeHostUrls(
  host: string | undefined,
  protocol: string | undefined,
): { apiUrl: string; webUrl: string } {
  if (!host) return { apiUrl: 'https://api.github.com', webUrl: 'https://github.com' }
  const webUrl = `${protocol || 'https'}://${host}`
  return { apiUrl: `${webUrl}/api/v3`, webUrl }
}
