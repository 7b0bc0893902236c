"""Verification over HTTP, so that a reverse proxy can guard a site with netapp's accounts.

nginx's ``auth_request``, Caddy's ``forward_auth`` and Traefik's ForwardAuth ask ``/verify`` with the
head of each request; 204 lets it in and says who it is, 401 asks for a name and a password.

:mod:`wire` reads fields, :mod:`session` has the rules, :mod:`verifier` asks whose credentials these
are, :mod:`service` puts them together.  Source: RFC 9110 section 11 (authentication), RFC 7617
(Basic), RFC 6750 section 2.1 (Bearer), RFC 7239 and X-Forwarded-For.  Left out: Digest, which needs
passwords in clear, forms and cookies, and OpenID Connect, for which :class:`verifier.Verifier` is
the seam.
"""
