// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "coldsend": the control plane.
 *
 * The generic netlink lock serializes all requests but dumps.  CAP_NET_ADMIN is
 * asked for here and not by GENL_ADMIN_PERM, which refuses without a sentence.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "views.h"
#include "genl.h"

/* Times that the family is registered, until it has no listener that was there first. */
#define CS_GENL_TRIES	16

static bool cs_genl_registered;

/**
 * cs_genl_is_admin - may who sent a request change all, and see all?
 * @skb: the request
 *
 * There is one module for all network namespaces: it is the initial one's, and a
 * container that may administer its own may not know the names of others' files.
 */
bool cs_genl_is_admin(const struct sk_buff *skb)
{
	return net_eq(sock_net(NETLINK_CB(skb).sk), &init_net) &&
	       netlink_capable(skb, CAP_NET_ADMIN);
}

/**
 * cs_genl_need_admin - refuses what is not from an administrator
 * @skb: the request
 * @extack: gets a sentence
 *
 * Return: 0 or -EPERM.
 */
int cs_genl_need_admin(const struct sk_buff *skb,
		       struct netlink_ext_ack *extack)
{
	if (cs_genl_is_admin(skb))
		return 0;
	if (netlink_capable(skb, CAP_NET_ADMIN))
		NL_SET_ERR_MSG(extack,
			       "this is for the initial network namespace only");
	else
		NL_SET_ERR_MSG(extack,
			       "this needs CAP_NET_ADMIN: run it as root");
	return -EPERM;
}

/**
 * cs_genl_answer - starts the answer to a request
 * @info: the request
 * @header: set for cs_genl_send()
 *
 * Return: the answer, or NULL and a sentence.
 */
struct sk_buff *cs_genl_answer(struct genl_info *info, void **header)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	*header = NULL;
	if (skb)
		*header = genlmsg_put(skb, info->snd_portid, info->snd_seq,
				      &cs_genl_family, 0, info->genlhdr->cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	NL_SET_ERR_MSG(info->extack, "no memory for the answer");
	return NULL;
}

/**
 * cs_genl_send - sends an answer, if all was put into it
 * @skb: from cs_genl_answer(), gone afterwards
 * @header: likewise
 * @info: the request
 * @err: of putting it in, 0 for none
 *
 * Return: 0 or -errno and a sentence.
 */
int cs_genl_send(struct sk_buff *skb, void *header, struct genl_info *info,
		 int err)
{
	if (err) {
		nlmsg_free(skb);
		NL_SET_ERR_MSG(info->extack, "the answer does not fit");
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/**
 * cs_genl_cursor - where a dump goes on
 * @cb: the dump
 */
struct cs_cursor *cs_genl_cursor(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cs_cursor) > sizeof(cb->ctx));
	return (void *)cb->ctx;
}

/**
 * cs_genl_row - starts a message of a dump
 * @skb: what the dump has so far
 * @cb: the dump
 * @command: enum coldsend_cmd that it answers
 *
 * Return: for cs_genl_end_row(), or NULL: it does not fit.
 */
void *cs_genl_row(struct sk_buff *skb, struct netlink_callback *cb, u8 command)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &cs_genl_family, NLM_F_MULTI, command);
}

/**
 * cs_genl_end_row - ends a message of a dump, or takes it back
 * @skb: what the dump has so far
 * @cb: the dump; if cb->seq is another than in the message before, that is told
 * @header: from cs_genl_row()
 * @err: of putting the row in, 0 for none
 *
 * Return: @err.
 */
int cs_genl_end_row(struct sk_buff *skb, struct netlink_callback *cb,
		    void *header, int err)
{
	if (err) {
		genlmsg_cancel(skb, header);
		return err;
	}
	genl_dump_check_consistent(cb, header);
	genlmsg_end(skb, header);
	return 0;
}

/**
 * cs_genl_dumped - what the callback of a dump returns
 * @skb: what the dump has so far
 * @err: of the last row, 0 if no row is left
 *
 * What did not fit comes next time, unless it can't fit at all.
 */
int cs_genl_dumped(const struct sk_buff *skb, int err)
{
	return err && skb->len ? skb->len : err;
}

/**
 * cs_genl_put_tunables - puts the policy and all tunables into a message
 * @skb: the message
 *
 * Return: 0 or -EMSGSIZE.
 */
int cs_genl_put_tunables(struct sk_buff *skb)
{
	struct cs_tunables tunables;

	cs_policy_get(&tunables);
	if (nla_put_u32(skb, COLDSEND_A_POLICY, tunables.policy) ||
	    nla_put_u32(skb, COLDSEND_A_SEGMENT_SIZE, tunables.segment_size) ||
	    nla_put_u32(skb, COLDSEND_A_DEPTH, tunables.depth) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_MAX, tunables.pool_max,
			      COLDSEND_A_PAD) ||
	    nla_put_u32(skb, COLDSEND_A_FILES_MAX, tunables.files_max) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFERS_MAX,
			tunables.transfers_max) ||
	    nla_put_u32(skb, COLDSEND_A_USER_TRANSFERS,
			tunables.user_transfers) ||
	    nla_put_u32(skb, COLDSEND_A_USER_SHARE, tunables.user_share) ||
	    nla_put_u32(skb, COLDSEND_A_IDLE_MAX, tunables.idle_max) ||
	    nla_put_u32(skb, COLDSEND_A_SMALL_MAX, tunables.small_max) ||
	    nla_put_u32(skb, COLDSEND_A_ADMIT_AFTER, tunables.admit_after) ||
	    nla_put_u32(skb, COLDSEND_A_ADMIT_WINDOW, tunables.admit_window) ||
	    nla_put_u32(skb, COLDSEND_A_ADMIT_MAX, tunables.admit_max))
		return -EMSGSIZE;
	return 0;
}

int coldsend_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *answer;
	void *header;

	answer = cs_genl_answer(info, &header);
	if (!answer)
		return -ENOMEM;
	return cs_genl_send(answer, header, info, cs_genl_put_tunables(answer));
}

static void cs_genl_get_u32(struct genl_info *info, u32 attribute, u32 *value)
{
	if (info->attrs[attribute])
		*value = nla_get_u32(info->attrs[attribute]);
}

int coldsend_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cs_tunables tunables;
	const char *refusal;
	int err;

	err = cs_genl_need_admin(skb, info->extack);
	if (err)
		return err;
	cs_policy_get(&tunables);
	cs_genl_get_u32(info, COLDSEND_A_POLICY, &tunables.policy);
	cs_genl_get_u32(info, COLDSEND_A_SEGMENT_SIZE, &tunables.segment_size);
	cs_genl_get_u32(info, COLDSEND_A_DEPTH, &tunables.depth);
	cs_genl_get_u32(info, COLDSEND_A_FILES_MAX, &tunables.files_max);
	cs_genl_get_u32(info, COLDSEND_A_TRANSFERS_MAX,
			&tunables.transfers_max);
	cs_genl_get_u32(info, COLDSEND_A_USER_TRANSFERS,
			&tunables.user_transfers);
	cs_genl_get_u32(info, COLDSEND_A_USER_SHARE, &tunables.user_share);
	cs_genl_get_u32(info, COLDSEND_A_IDLE_MAX, &tunables.idle_max);
	cs_genl_get_u32(info, COLDSEND_A_SMALL_MAX, &tunables.small_max);
	cs_genl_get_u32(info, COLDSEND_A_ADMIT_AFTER, &tunables.admit_after);
	cs_genl_get_u32(info, COLDSEND_A_ADMIT_WINDOW, &tunables.admit_window);
	cs_genl_get_u32(info, COLDSEND_A_ADMIT_MAX, &tunables.admit_max);
	if (info->attrs[COLDSEND_A_POOL_MAX])
		tunables.pool_max =
			nla_get_u64(info->attrs[COLDSEND_A_POOL_MAX]);
	err = cs_policy_set(&tunables, &refusal);
	if (err && info->extack)
		info->extack->_msg = refusal;
	if (err)
		return err;
	cs_stats_evict();
	cs_event_policy();
	return 0;
}

struct genl_family cs_genl_family __ro_after_init = {
	.name = COLDSEND_FAMILY_NAME,
	.version = COLDSEND_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.maxattr = ARRAY_SIZE(coldsend_nl_policy) - 1,
	.policy = coldsend_nl_policy,
	.small_ops = coldsend_nl_ops,
	.n_small_ops = ARRAY_SIZE(coldsend_nl_ops),
	.mcgrps = cs_event_groups,
	.n_mcgrps = ARRAY_SIZE(cs_event_groups),
};

/* Has everybody leave the group of events; the family may not be there afterwards. */
static void cs_genl_renew(void)
{
	genl_unregister_family(&cs_genl_family);
	cs_genl_registered = !genl_register_family(&cs_genl_family);
}

/**
 * cs_genl_init - registers the family
 *
 * Anybody may join a group of netlink that nobody owns yet, and would hear all events
 * once it is ours.  To unregister is what has everybody leave; who keeps coming between
 * is told nothing, nor is anybody else.
 *
 * Once it was registered, this does not fail: somebody's dump may have a reference on
 * the module, for which who fails to load does not wait.
 *
 * Return: 0 or -errno.
 */
int cs_genl_init(void)
{
	u32 tries;
	int err;

	err = genl_register_family(&cs_genl_family);
	if (err)
		return err;
	cs_genl_registered = true;
	for (tries = 1; cs_genl_registered && cs_event_wanted() && tries < CS_GENL_TRIES; tries++)
		cs_genl_renew();
	if (!cs_genl_registered)
		pr_err("coldsend: no memory for netlink: load the module again\n");
	else if (cs_event_wanted())
		pr_err("coldsend: no events: somebody keeps joining before anybody may\n");
	else
		return 0;
	cs_event_forbid();
	return 0;
}

/**
 * cs_genl_exit - unregisters the family; waits for requests that run
 */
void cs_genl_exit(void)
{
	if (cs_genl_registered)
		genl_unregister_family(&cs_genl_family);
}
