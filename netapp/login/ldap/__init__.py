"""The accounts as a directory that others can ask: a read-only face of LDAP, for sites that have none.

One binds with a name's distinguished name and its password (RFC 4513 section 5.1.3), and reads people
and groups.  Octets are ldaptor's (:mod:`.wire`), after :mod:`.guard` has seen that they are sound;
what is found stands in a snapshot (:mod:`.entries`) that is made anew when accounts change.

Sources: RFC 4511 (protocol), 4512 (models), 4513 (authentication), 4514 (names), 4517 and 4518
(matching), 4519, 2307, 2798 and 4530 (attributes), 2696 (paged results), 4532 (who am I), 4526.

Left out: SASL, StartTLS (an ``ssl:`` listener is the way), referrals, aliases, extensible matching,
and every change of what the directory holds.
"""
