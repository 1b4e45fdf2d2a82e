import { z } from 'zod'

/** An issue comment or review as REST lists it; `user` is null when the account was deleted. */
export const restComment = z
  .object({
    id: z.number(),
    body: z.string().nullish(),
    user: z.object({ login: z.string(), type: z.string().optional() }).nullable(),
  })
  .transform(comment => ({
    id: comment.id,
    body: comment.body ?? '',
    author: comment.user && { login: comment.user.login, bot: comment.user.type === 'Bot' },
  }))
export type RestComment = z.infer<typeof restComment>
