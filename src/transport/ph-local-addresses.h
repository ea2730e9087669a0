/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* The addresses other computers may know this one by: of PhEndpoint with port 0, the one that holds
 * the default route first, then the others that are up; without loopback and link-local. May be
 * empty. Owned. */
GArray *ph_local_addresses_list (void);

G_END_DECLS
