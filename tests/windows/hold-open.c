/* Holds a file open until its standard input ends, as another program would.
 *
 *     hold-open FILE alone     nobody else may open it, as a mounted store has its database
 *     hold-open FILE shared    everybody else may
 */

#include <windows.h>
#include <stdio.h>
#include <wchar.h>

int wmain(int count, wchar_t **arguments)
{
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    if (count != 3)
        return 2;
    if (wcscmp(arguments[2], L"alone") == 0)
        share = 0;
    HANDLE file = CreateFileW(arguments[1], GENERIC_READ | GENERIC_WRITE, share, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        printf("error %lu\n", GetLastError());
        return 1;
    }
    puts("open");
    fflush(stdout);
    getchar();
    return 0;
}
